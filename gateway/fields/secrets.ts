/**
 * Hides what lets others act as a client, in what is shown of an exchange. By names, because values say nothing of themselves: too much is
 * hidden sooner than too little.
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

/** Browsers can set no other field of a handshake, so tokens are sent as names of protocols: what does not look like one is hidden. */
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

/** The attributes are what one looks for. */
function withoutSetCookieValue(value: string): string {
  const [pair = '', ...attributes] = value.split(';');
  return [withoutCookieValue(pair).trimStart(), ...attributes].join(';');
}

/** A target, a URL, or a text that quotes one: the secrets of its query, and of who is named before the host. */
export function shownText(text: string): string {
  const shown = /=|%(?:25)*3d/i.test(text) ? withoutParameters(text) : text;
  return /@|%40/.test(shown) ? shown.replace(USER_INFO, `$1${HIDDEN}$2`) : shown;
}

/**
 * Up to its value, which may be a URL with a query of its own, encoded once or more often. Many JSON encoders write `\u0026` for `&`. What
 * begins a word is a form that its type does not tell, a variable of an environment, or a pair of a log.
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
    // Within what is hidden already there is nothing to look for.
    if (index < at || !isSecretName(decoded(name!))) continue;
    const from = index + whole.length;
    const length = lengthOfValue(text, from, whole);
    if (length === 0) continue;
    shown += text.slice(at, from) + HIDDEN;
    at = from + length;
  }
  return shown + text.slice(at);
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
