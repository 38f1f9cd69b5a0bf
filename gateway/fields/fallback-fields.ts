/** Rewrites URLs and cookies of a fallback elsewhere from its origin to the gateway's. */

/** They bind a whole origin, which is the gateway's here (RFC 6797, RFC 7838); the last is the gateway's own. */
const OF_ITS_ORIGIN = /^(?:strict-transport-security|alt-svc|portway-fallback)$/i;

/** @param secure whether the client came by https. */
export function fromElsewhere(fields: readonly string[], authority: string, secure: boolean): string[] {
  const out: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (OF_ITS_ORIGIN.test(name)) continue;
    const isCookie = name.length === 10 && name.toLowerCase() === 'set-cookie';
    out.push(name, isCookie ? cookieHere(fields[i + 1]!, secure) : fields[i + 1]!);
  }
  out.push('Portway-Fallback', authority);
  return out;
}

/**
 * The same cookie for the gateway's host. Over plain HTTP browsers reject `Secure` and everything that requires it (RFC 6265bis §5.7); a
 * name that promises it (`__Host-`, `__Secure-`) stays.
 */
function cookieHere(value: string, secure: boolean): string {
  const keepsSecure = secure || /^\s*__(?:host|secure)-/i.test(value);
  const start = attributesStart(value);
  const kept = value
    .slice(start)
    .split(';')
    .filter((attribute) => !/^\s*domain\s*(?:=|$)/i.test(attribute))
    .filter(
      (attribute) =>
        keepsSecure || !/^\s*(?:secure|partitioned|samesite\s*=\s*none)\s*(?:=|$)/i.test(attribute),
    );
  return value.slice(0, start) + kept.join(';');
}

/** The first semicolon: nothing hides one from a browser (RFC 6265bis §5.6). */
function attributesStart(value: string): number {
  const semicolon = value.indexOf(';');
  return semicolon === -1 ? value.length : semicolon;
}
