/** Values as messages show them. */

const MAX_LENGTH = 60;

/** A value from variables, with the text of the file in its place. Private values are not shown. */
export function expandedText(value: unknown, written: string, isPrivate: boolean): string {
  return isPrivate ? `what ${written} holds` : `${valueText(value)} from ${written}`;
}

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
}
