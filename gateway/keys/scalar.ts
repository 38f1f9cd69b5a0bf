/** The meaning of an unquoted word. */

/**
 * YAML 1.2's core schema without floats, hexadecimals and octals: nothing in the configuration is one, and `1.10` is a version, `0x10` a
 * name and `007` a mistake.
 */
export function plainValue(text: string): string | number | boolean | null {
  if (text === '' || text === '~' || /^null$/i.test(text)) return null;
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return integerOf(text) ?? text;
}

/** A decimal integer that a number holds exactly, or `null`. */
export function integerOf(text: string): number | null {
  if (!/^(?:0|-?[1-9]\d*)$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}
