/**
 * Hides what lets others act as a client, in what is shown of an exchange. By names, because values say nothing of themselves: too much is
 * hidden sooner than too little.
 */

export const HIDDEN = '(not shown)';

/** Names of fields, of parameters in queries and forms, and of members in JSON. */
const SECRET =
  /auth(?!or)|authori[sz]ation|cookie|token|secret|passw|passphrase|pwd|credential|signature|assertion|jwt|session|api[_-]?key|private|(^|[_.-])(key|sig|code|state|ticket|otp|pin|sid|pass)$/i;

/** Theirs is no secret. */
const HARMLESS: ReadonlySet<string> = new Set(['sec-websocket-key', 'idempotency-key', 'www-authenticate']);

export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !HARMLESS.has(name.toLowerCase());
}

/** The value of a header field as it may be shown. */
export function shownField(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'cookie') return value.split(';').map(withoutCookieValue).join(';');
  if (lower === 'set-cookie') return withoutSetCookieValue(value);
  if (!isSecretName(lower)) return shownText(value);
  const scheme = /^(basic|bearer|digest|negotiate) /i.exec(value);
  return scheme === null ? HIDDEN : `${scheme[1]} ${HIDDEN}`;
}

function withoutCookieValue(pair: string): string {
  const at = pair.indexOf('=');
  return at < 0 ? (pair.trim() === '' ? pair : ` ${HIDDEN}`) : `${pair.slice(0, at)}=${HIDDEN}`;
}

/** The attributes are what one looks for. */
function withoutSetCookieValue(value: string): string {
  const [pair = '', ...attributes] = value.split(';');
  return [withoutCookieValue(pair).trimStart(), ...attributes].join(';');
}

/** A target, a URL, or a text that quotes one: the secrets of its query, and of who is named before the host. */
export function shownText(text: string): string {
  const shown = text.includes('=') ? withoutParameters(text) : text;
  return shown.includes('@') ? shown.replace(USER_INFO, `//${HIDDEN}@`) : shown;
}

/** Up to its value, which may be a URL with a query of its own. */
const PARAMETER = /[?&;#]([^=?&;#\s"'<>]{1,200})=/g;
const BEHIND_VALUE = /[&;#\s"'<>]|$/;
const USER_INFO = /\/\/[^/?#@\s"'<>]*@/g;

function withoutParameters(text: string): string {
  let shown = '';
  let at = 0;
  for (const { 0: whole, 1: name, index } of text.matchAll(PARAMETER)) {
    // Within what is hidden already there is nothing to look for.
    if (index < at || !isSecretName(decoded(name!))) continue;
    const from = index + whole.length;
    const length = text.slice(from).search(BEHIND_VALUE);
    if (length === 0) continue;
    shown += text.slice(at, from) + HIDDEN;
    at = from + length;
  }
  return shown + text.slice(at);
}

/** `%74oken` is a token, too. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
