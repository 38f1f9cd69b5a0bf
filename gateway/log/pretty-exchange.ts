import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatBytes, formatDuration } from './units.ts';

/** A longer target would push the rest of the line off the screen; the JSON log has all of it. */
const TARGET_MAX = 120;

type Fields = Readonly<Record<string, unknown>>;

/**
 * One exchange for people: `GET     200   3 ms   1.2 kB  /db/users → /db 127.0.0.1:3001`. The columns of fixed width
 * come first, so that lines stay aligned however long their targets are.
 */
export function exchangeLine(line: Fields, paint: Paint): string {
  const status = Number(line.status);
  const columns = [
    paint('bold', text(line.method).padEnd(7)),
    paint(status === 0 ? streamColour(line) : statusColour(status), status === 0 ? '---' : String(status)),
    formatDuration(Number(line.totalMs)).padStart(7),
    formatBytes(Number(line.bytesOut)).padStart(7),
  ];
  return `${columns.join(' ')}  ${shortened(text(line.target))}${destination(line, paint)}${failure(line, paint)}`;
}

function destination(line: Fields, paint: Paint): string {
  if (typeof line.route !== 'string') return '';
  const endpoint = typeof line.endpoint === 'string' ? ` ${text(line.endpoint)}` : '';
  const arrow = line.tunnel === true ? '⇄' : '→';
  return paint('dim', ` ${arrow} ${text(line.route)}${endpoint}`);
}

function failure(line: Fields, paint: Paint): string {
  const code = line.code ?? line.errorType;
  if (typeof code !== 'string') return '';
  const cause = typeof line.cause === 'string' ? `: ${text(line.cause)}` : '';
  const grave = line.level === 'warn' || Number(line.status) >= 500;
  return `  ${paint(grave ? 'red' : 'yellow', text(code))}${cause}`;
}

/** There is no status in a raw stream, and none that was lost. */
function streamColour(line: Fields): 'green' | 'yellow' | 'red' {
  if (line.level === 'warn' || line.tunnel !== true) return 'red';
  return line.code === undefined ? 'green' : 'yellow';
}

function statusColour(status: number): 'green' | 'cyan' | 'yellow' | 'red' {
  if (status >= 500) return 'red';
  if (status >= 400) return 'yellow';
  return status >= 300 ? 'cyan' : 'green';
}

function text(value: unknown): string {
  return printable(String(value));
}

function shortened(target: string): string {
  return target.length <= TARGET_MAX ? target : `${target.slice(0, TARGET_MAX - 1)}…`;
}
