import { formatTime } from '../parts/format.ts';

/** Pino's numbers. */
const LEVELS: ReadonlyMap<number, string | undefined> = new Map(
  [20, 30, 40, 50, 60].map((number, at) => [number, ['debug', 'info', 'warn', 'error', 'fatal'][at]]),
);
/** Fields that the section already shows. */
const KNOWN: ReadonlySet<string> = new Set(['time', 'level', 'msg', 'pid', 'hostname', 'name', 'service']);

/**
 * A line of a service without terminal colours; a structured one (JSON with `level` and `msg`) as `14:01:08 INFO listening {"port":3001}`.
 */
export function readable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
  const plain = line.replace(/\u001b\[[\d;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f]/g, '');
  const { time, level, msg, ...record } = parsed(plain);
  if (typeof msg !== 'string' || level === undefined) return plain;
  const at = new Date(time as string | number).getTime();
  const others = Object.entries(record).filter(([name]) => !KNOWN.has(name));
  const words = [
    Number.isNaN(at) ? '' : formatTime(at),
    String(LEVELS.get(level as number) ?? level).toUpperCase(),
    msg,
    others.length === 0 ? '' : JSON.stringify(Object.fromEntries(others)),
  ];
  return words.filter((word) => word !== '').join(' ');
}

function parsed(line: string): Record<string, unknown> {
  if (!line.startsWith('{')) return {};
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
