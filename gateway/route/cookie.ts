/**
 * The value of a cookie in a `Cookie` field (RFC 6265 §4.2.1), or `undefined`: the first of that name, because browsers send the one with
 * the longest path first. Spaces and tabs around names and values are skipped, as services do.
 */
export function cookieValue(cookies: string, name: string): string | undefined {
  const at = cookieAt(cookies, name, 0);
  return at === -1 ? undefined : valueAt(cookies, at);
}

/** The start of the next value of that name at or after `from`, or -1. */
export function cookieAt(cookies: string, name: string, from: number): number {
  for (let at = cookies.indexOf(name, from); at !== -1; at = cookies.indexOf(name, at + 1)) {
    let end = at + name.length;
    while (isBlank(cookies.charCodeAt(end))) end++;
    if (cookies.charCodeAt(end) === EQUALS && beginsPair(cookies, at)) return end + 1;
  }
  return -1;
}

/** Every value of that name: a browser has one for each path and domain that it was set for. */
export function cookieValues(cookies: string, name: string): string[] {
  const values: string[] = [];
  for (let at = cookieAt(cookies, name, 0); at !== -1; at = cookieAt(cookies, name, at))
    values.push(valueAt(cookies, at));
  return values;
}

export function valueAt(cookies: string, at: number): string {
  // Several fields were joined with commas, where HTTP/2 would have joined them with semicolons; a value has neither.
  let end = at;
  while (end < cookies.length && cookies.charCodeAt(end) !== SEMICOLON && cookies.charCodeAt(end) !== COMMA)
    end++;
  return cookies.slice(at, end).trim();
}

function beginsPair(cookies: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(cookies.charCodeAt(before))) before--;
  if (before < 0) return true;
  const letter = cookies.charCodeAt(before);
  return letter === SEMICOLON || letter === COMMA;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const SPACE = 0x20;
const TAB = 0x09;
