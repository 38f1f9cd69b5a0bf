/** A problem in a configuration: what, where, and how to fix it. */

import { excerptOf } from './excerpt.ts';
import { isVariable } from './variables.ts';

export interface Problem {
  /** As the user named it; the name of a variable (`GATEWAY_HOSTS`) for a problem in that. */
  readonly file: string;
  /** Counts from 1; 0 where the problem is the file as a whole (it can't be read, say). */
  readonly line: number;
  /** In UTF-16 code units, as editors count, from 1. */
  readonly column: number;
  /** How many code units of the line are meant, at least 1. */
  readonly length: number;
  /** Where in the configuration: `routes./files.to`; empty for the file as a whole. */
  readonly path: string;
  /** A noun phrase: `a port from 1 to 65535`. */
  readonly expected: string;
  /** A noun phrase or the value as written: `"3OO2"`. */
  readonly found: string;
  /** The fix. */
  readonly hint: string | null;
  /** The line of the file, without its end; of a long line the part around the problem; empty if there is none. */
  readonly sourceLine: string;
  /** How many code units of the line stand before `sourceLine`; default: none. */
  readonly sourceFrom?: number;
}

/** The configuration can't be used. `message` and `formatted` are the problems as a person reads them, without colour. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];
  readonly formatted: string;

  constructor(problems: readonly Problem[]) {
    const formatted = formatProblems(problems);
    super(formatted);
    this.problems = problems;
    this.formatted = formatted;
  }
}

export interface FormatOptions {
  /** Whether to use ANSI colours; default: no. */
  readonly colour?: boolean;
  /** Problems shown in full; the others are counted. Default: 50. */
  readonly limit?: number;
}

/**
 * All problems in the order of their lines, each as
 * ```
 * gateway.config.yaml:7:11  routes./files.to  expected a port from 1 to 65535, got "3OO2"
 *     7 |   /files: 3OO2
 *       |           ^^^^  a letter O instead of a zero?
 * ```
 * No byte of the file reaches the terminal as a control character.
 */
export function formatProblems(problems: readonly Problem[], options: FormatOptions = {}): string {
  const { colour = false, limit = 50 } = options;
  const paint = colour ? ANSI : PLAIN;
  const shown = withoutRepeats(inOrder(problems).slice(0, limit));
  const blocks = shown.map((problem) => formatProblem(problem, paint));
  const rest = problems.length - shown.length;
  if (rest > 0) blocks.push(`... and ${rest} more ${rest === 1 ? 'problem' : 'problems'}`);
  return blocks.join('\n');
}

/** Problems of the file first, those of the environment's variables after them, both by line and column. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const rank = (problem: Problem) => (isVariable(problem.file) ? 1 : 0);
  return [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** The 41 keys of a route are listed at the first key that is none of them; those after it name its line. */
function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const lines = new Map<string, number>();
  return problems.map((problem) => {
    const { file, line, hint } = problem;
    if (hint === null || hint.length <= LONG_HINT || line === 0) return problem;
    const key = `${file}\n${hint}`;
    const first = lines.get(key);
    if (first === undefined) lines.set(key, line);
    return first === undefined ? problem : { ...problem, hint: `as at line ${first}` };
  });
}

/** A shorter one is read again faster than it is looked up. */
const LONG_HINT = 200;

type Paint = Readonly<Record<'place' | 'path' | 'dim' | 'caret', (text: string) => string>>;

const same = (text: string): string => text;
const PLAIN: Paint = { place: same, path: same, dim: same, caret: same };
const sgr = (code: number) => (text: string) => (text === '' ? '' : `\x1b[${code}m${text}\x1b[0m`);
const ANSI: Paint = { place: sgr(1), path: sgr(36), dim: sgr(2), caret: sgr(33) };

function formatProblem(problem: Problem, paint: Paint): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const says = `expected ${problem.expected}, got ${problem.found}`;
  const head = [paint.place(printable(place)), paint.path(printable(problem.path)), printable(says)];
  const lines = [head.filter((part) => part !== '').join('  ')];
  const hint = problem.hint === null ? '' : printable(problem.hint);
  if (problem.line > 0) lines.push(...marked(problem, hint, paint));
  else if (hint !== '') lines.push(`      ${paint.caret(hint)}`);
  return lines.join('\n');
}

/** The source line and, below it, the carets and the hint. */
function marked(problem: Problem, hint: string, paint: Paint): string[] {
  const excerpt = excerptOf(
    problem.sourceLine,
    problem.column - 1 - (problem.sourceFrom ?? 0),
    problem.length,
  );
  const number = String(problem.line).padStart(5);
  const carets = paint.caret('^'.repeat(excerpt.caretCells));
  const remark = hint === '' ? '' : `  ${paint.caret(hint)}`;
  return [
    `${paint.dim(`${number} |`)} ${excerpt.text}`.trimEnd(),
    `${paint.dim('      |')} ${' '.repeat(excerpt.indentCells)}${carets}${remark}`,
  ];
}

/** Control characters as `\x1b`, so that a hostile or broken file can't drive the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
