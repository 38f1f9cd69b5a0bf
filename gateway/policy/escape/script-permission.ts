/** Whether a page's Content-Security-Policy allows our script, and the change that allows it (CSP3). */

/** @returns the changed value of the field; `null`: no script runs on this page in any case */
export function withScriptAllowed(value: string, source: string): string | null {
  const policies: string[] = [];
  // RFC 9110 §5.3: several policies as one list; each of them counts.
  for (const policy of value.split(',')) {
    const allowing = allowingPolicy(policy, source);
    if (allowing === null) return null;
    policies.push(allowing);
  }
  return policies.join(',');
}

function allowingPolicy(policy: string, source: string): string | null {
  const directives = policy.split(';').map((text) => text.trim().split(/[\t\n\f\r ]+/));
  // Of several of one name the first counts (CSP3 §2.2.1).
  const named = (name: string) => directives.find(([first]) => first!.toLowerCase() === name);
  const sandbox = named('sandbox');
  if (sandbox && !sandbox.some((flag) => flag.toLowerCase() === 'allow-scripts')) return null;
  const governing = named('script-src-elem') ?? named('script-src') ?? named('default-src');
  if (governing === undefined) return policy;
  const [name, ...sources] = governing as [string, ...string[]];
  if (allowsInline(sources)) return policy;
  const allowing = [...sources.filter((one) => one.toLowerCase() !== "'none'"), source];
  // Everything else that `default-src` governs stays.
  if (name.toLowerCase() === 'default-src')
    return `${policy.replace(/[;\s]+$/, '')}; script-src ${allowing.join(' ')}`;
  return directives.map((one) => (one === governing ? [name, ...allowing] : one).join(' ')).join('; ');
}

/** CSP3 §6.7.3.2: a nonce or a hash beside it takes `'unsafe-inline'` its force, one of ours too. */
function allowsInline(sources: readonly string[]): boolean {
  const lower = sources.map((source) => source.toLowerCase());
  return (
    lower.includes("'unsafe-inline'") &&
    !lower.some((source) => /^'(?:nonce-|sha(?:256|384|512)-|strict-dynamic'$)/.test(source))
  );
}
