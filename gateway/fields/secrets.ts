/**
 * Hides secrets in exchanges that are shown: everything that lets its reader act as the client. It goes by names, because values do not
 * tell; in doubt, a value is hidden.
 */

export const HIDDEN = '(not shown)';

/** Names of fields, of parameters in queries and forms, and of members in JSON. */
const SECRET =
  /auth(?!or)|authori[sz]ation|cookie|token|secret|passw|passphrase|pwd|credential|signature|assertion|jwt|session|api[_-]?key|access[_-]?key|bearer|private|(^|[_.-])(key|sig|code|state|ticket|otp|pin|sid|pass)$/i;

/** The last word of `clientKey`; other words of that kind, such as `statusCode`, are mostly none. */
const CAMEL = /[a-z0-9](?:Key|Otp|Pin|Sig|Sid)$/;

/** Theirs is no secret. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['sec-websocket-key', 'idempotency-key', 'www-authenticate'],
  ...['publickey', 'primarykey', 'foreignkey', 'sortkey', 'cachekey', 'partitionkey'],
]);

export function isSecretName(name: string): boolean {
  return (SECRET.test(name) || CAMEL.test(name)) && !HARMLESS.has(name.toLowerCase());
}

/** The value of a header field as it may be shown. */
export function shownField(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (lower === 'cookie') return value.split(';').map(withoutCookieValue).join(';');
  if (lower === 'set-cookie') return withoutSetCookieValue(value);
  if (lower === 'sec-websocket-protocol') return shownProtocols(value);
  if (!isSecretName(lower)) return shownText(value);
  const scheme = /^(basic|bearer|digest|negotiate) /i.exec(value);
  return scheme === null ? HIDDEN : `${scheme[1]} ${HIDDEN}`;
}

/** Browsers can set no other field of a handshake, so tokens are sent as protocol names: anything unlike a protocol name is hidden. */
function shownProtocols(value: string): string {
  let afterSecret = false;
  const shown = value.split(',').map((element) => {
    const name = element.trim();
    const hidden = afterSecret || (name !== '' && !isProtocolName(name));
    afterSecret = isSecretName(name);
    return hidden ? HIDDEN : name;
  });
  return shown.join(', ');
}

/** Short words, few digits: `graphql-ws`, `v4.channel.k8s.io`, `access_token`. */
function isProtocolName(name: string): boolean {
  return (
    /^[a-z]/i.test(name) &&
    name.length <= 40 &&
    name.split(/[._+-]/).every((word) => /^[a-z]{0,12}\d{0,3}[a-z]{0,3}$/i.test(word)) &&
    !/\.(?:bearer|authorization)\./i.test(name)
  );
}

function withoutCookieValue(pair: string): string {
  const at = pair.indexOf('=');
  return at < 0 ? (pair.trim() === '' ? pair : ` ${HIDDEN}`) : `${pair.slice(0, at)}=${HIDDEN}`;
}

/** The attributes stay visible, for debugging. */
function withoutSetCookieValue(value: string): string {
  const [pair = '', ...attributes] = value.split(';');
  return [withoutCookieValue(pair).trimStart(), ...attributes].join(';');
}

/** A target, a URL, or text with URLs, without secrets of the query and without user information. */
export function shownText(text: string): string {
  const shown = /=|%(?:25)*3d/i.test(text) ? withoutParameters(text) : text;
  return /@|%40/.test(shown) ? shown.replace(USER_INFO, `$1${HIDDEN}$2`) : shown;
}

/**
 * A parameter up to its value, which may be a URL with a query of its own, encoded once or more often. Many JSON encoders write `\u0026`
 * for `&`. A name at the start of a word may be a form without its media type, an environment variable or a pair of a log line.
 */
const PARAMETER =
  /(?:^|[\s?&;#]|\\u0026|%(?:25){0,3}(?:3[fb]|26|23))((?:[^=?&;#\s"'<>%\\]|%(?!(?:25){0,3}(?:3[dfb]|26|23))){1,200})(?:=|%(?:25){0,3}3d)/gi;
const BEHIND_VALUE = /[&;#\s"'<>]|\\u0026|$/i;
/** A value in an encoded query ends with the next parameter of that. */
const BEHIND_ENCODED = /[&;#\s"'<>]|%(?:25){0,3}(?:3b|26|23)|$/i;
const USER_INFO = /(\\?\/\\?\/|%2f%2f)[^/?#@\s"'<>%]{0,1000}(?:%3a[^/?#@\s"'<>%]{0,1000})?(@|%40)/gi;

function withoutParameters(text: string): string {
  let shown = '';
  let at = 0;
  for (const { 0: whole, 1: name, index } of text.matchAll(PARAMETER)) {
    // Inside text that is hidden already.
    if (index < at || !isSecretName(decoded(name!))) continue;
    const from = index + whole.length;
    const length = lengthOfValue(text, from, whole);
    if (length === 0 || isMasked(text, from)) continue;
    shown += text.slice(at, from) + HIDDEN;
    at = from + length;
  }
  return shown + text.slice(at);
}

/** Masked before. A secret may begin like that, too: then more than a separator follows. */
function isMasked(text: string, from: number): boolean {
  return text.startsWith(HIDDEN, from) && /[&;#\s"'<>),]/.test(text[from + HIDDEN.length] ?? ' ');
}

function lengthOfValue(text: string, from: number, parameter: string): number {
  const quote = /^[?&;#\\%]/.test(parameter) ? undefined : /^\\*["']/.exec(text.slice(from, from + 10))?.[0];
  if (quote === undefined)
    return text.slice(from).search(parameter.endsWith('=') ? BEHIND_VALUE : BEHIND_ENCODED);
  const end = text.indexOf(quote, from + quote.length);
  return (end < 0 ? text.length : end + quote.length) - from;
}

/** `%74oken` is a token, too. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
