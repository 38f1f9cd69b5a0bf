/** Values as messages show them. */

const MAX_LENGTH = 60;

/** @param written the scalar as it stands in the file, where it holds variables */
export function foundText(value: unknown, written: string | null = null): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
  return written === null ? short : `${short} from ${written}`;
}
