/**
 * Reading a query for the conditions of routes, and for nothing else: what the service gets is the query as sent.
 *
 * Fields are read as forms write them (WHATWG URL, application/x-www-form-urlencoded): `&` between them, `+` for a space, then
 * percent-decoding. An escape that is malformed or no UTF-8 stays as it is, so that no query can fail to be read.
 */
export function queryFields(query: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const field of query.slice(1).split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const name = decode(equals === -1 ? field : field.slice(0, equals));
    const value = equals === -1 ? '' : decode(field.slice(equals + 1));
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
