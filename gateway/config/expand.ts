/** `${NAME}` and `${NAME:-default}` in values. */

export type Environment = Readonly<Record<string, string | undefined>>;

export type Expansion =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      /** The reference at fault, as written: `${PORT`. */
      readonly reference: string;
      readonly expected: string;
      readonly found: string;
      readonly hint: string;
    };

/**
 * Replaces every reference; `$${` is a literal `${`, and a lone `$` stays. As in the shell, `:-` also covers a variable that is set but
 * empty. Values are not expanded again.
 */
export function expand(text: string, env: Environment): Expansion {
  let result = '';
  let copied = 0;
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', copied)) {
    if (text.charAt(at - 1) === '$' && at > copied) {
      result += `${text.slice(copied, at - 1)}\${`;
      copied = at + 2;
      continue;
    }
    const reference = referenceAt(text, at);
    const value = resolved(reference, env);
    if (!value.ok) return value;
    result += text.slice(copied, at) + value.text;
    copied = at + reference.length;
  }
  return { ok: true, text: result + text.slice(copied) };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: shown to the user as written
const FORMS = '${NAME} or ${NAME:-default}';

function referenceAt(text: string, at: number): string {
  const end = text.indexOf('}', at);
  return end === -1 ? text.slice(at) : text.slice(at, end + 1);
}

function resolved(reference: string, env: Environment): Expansion {
  const fault = (expected: string, found: string, hint: string): Expansion => {
    return { ok: false, reference, expected, found, hint };
  };
  const match = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\}$/s.exec(reference);
  const name = match?.[1];
  const fallback = match?.[2];
  if (name === undefined) return fault(FORMS, JSON.stringify(reference), formHint(reference));
  if (fallback?.includes('${')) {
    return fault(
      'a default that is plain text',
      JSON.stringify(reference),
      'a default holds no variables itself',
    );
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined)
    return { ok: true, text: value === undefined || value === '' ? fallback : value };
  if (value !== undefined) return { ok: true, text: value };
  const hint = `set it, give it a default (\${${name}:-...}), or write $\${${name}} for this very text`;
  return fault(`the environment to have ${name}`, 'a variable that is not set', hint);
}

function formHint(reference: string): string {
  if (!reference.endsWith('}')) return 'a closing } is missing; write $${ for a literal ${';
  if (/^\$\{\w+-/.test(reference)) return 'a default is written with :-';
  return 'only these two forms are known; write $${ for a literal ${';
}
