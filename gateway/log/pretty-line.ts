import { prettyFactory } from 'pino-pretty';
import { EXCHANGE_MESSAGE } from './access-log.ts';
import { type Paint, painter } from './paint.ts';
import { exchangeLine } from './pretty-exchange.ts';
import { printable, printableLines } from './printable.ts';
import { formatClock } from './units.ts';

type Json = string | number | boolean | null | readonly Json[] | JsonObject;
interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** As wide as the time and the level, so that further lines of a message stand below its first. */
const INDENT = ' '.repeat(15);

/** These hold lines of our own; in all other values a line feed is escaped. */
const textsOfSeveralLines: ReadonlySet<string> = new Set(['msg', 'stack']);

const levelColours: Readonly<Record<string, Parameters<Paint>[0]>> = {
  trace: 'gray',
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
};

/**
 * Turns the logger's JSON lines into lines for people. Control characters in quoted text are escaped, and further lines of a text are
 * indented: remote text can't act on the terminal or pass for a line of ours.
 */
export function prettyLines(options: { readonly colour: boolean }): (jsonLine: string) => string {
  const paint = painter(options.colour);
  const prettify = prettyFactory({
    colorize: options.colour,
    singleLine: true,
    // These two are written here, in fewer columns.
    ignore: 'time,level',
  });
  return (jsonLine) => {
    const line = JSON.parse(jsonLine) as JsonObject;
    const time = paint('dim', clock(line.time));
    if (line.msg === EXCHANGE_MESSAGE && 'requestId' in line) return `${time} ${exchangeLine(line, paint)}\n`;
    const { problems, ...rest } = line;
    // Those of a configuration file, each with its line and a caret below the place.
    const below = typeof problems === 'string' ? `\n${printableLines(problems).trimEnd()}` : '';
    const whole = below === '' ? line : rest;
    const text = `${(prettify(cleaned('', whole) as JsonObject) ?? '').trim()}${below}`;
    return `${time} ${levelWord(line.level, paint)} ${text.replaceAll('\n', `\n${INDENT}`)}\n`;
  };
}

function clock(time: Json | undefined): string {
  return formatClock(
    typeof time === 'string' || typeof time === 'number' ? new Date(time).getTime() : Date.now(),
  );
}

function levelWord(level: Json | undefined, paint: Paint): string {
  const word = printable(String(level ?? '')).toLowerCase();
  return paint(levelColours[word] ?? 'cyan', word.toUpperCase().padEnd(5));
}

function cleaned(name: string, value: Json | undefined): Json | undefined {
  if (typeof value === 'string') {
    return textsOfSeveralLines.has(name) ? printableLines(value) : printable(value);
  }
  if (Array.isArray(value)) return value.map((item) => cleaned('', item) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [printable(key), cleaned(key, inner)]),
  );
}
