import { prettyLines } from '../log/pretty-line.ts';

/** Fields that repeat what the label says. */
const known: ReadonlySet<string> = new Set(['pid', 'hostname', 'name', 'service']);

/** Pino's numbers, and those of its elders. */
const levels: ReadonlyMap<unknown, string> = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
]);

/**
 * For a terminal: shows a structured log line (JSON with `level` and `msg`) as the gateway shows its own. Any other line
 * stays as it is.
 */
export function readableLines(options: { readonly colour: boolean }): (line: string) => string {
  const pretty = prettyLines(options);
  return (line) => {
    const record = logRecord(line);
    return record === null ? line : pretty(JSON.stringify(record)).trimEnd();
  };
}

function logRecord(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{') || !line.endsWith('}')) return null;
  try {
    const record = JSON.parse(line) as Record<string, unknown>;
    if (typeof record.msg !== 'string' || record.level === undefined) return null;
    const entries = Object.entries(record).filter(([name]) => !known.has(name));
    return { ...Object.fromEntries(entries), level: levels.get(record.level) ?? record.level };
  } catch {
    return null;
  }
}
