import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** Options of the commands that try the gateway: benchmark, chaos, fuzzer. */

export class UsageError extends Error {}

/** @throws UsageError for an option that is not among them, a value too many or too few, and a word that is no option. */
export function readFlags<const Flags extends ParseArgsOptionsConfig>(argv: readonly string[], flags: Flags) {
  try {
    return parseArgs({ args: [...argv], options: flags }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export interface WholeNumberOption {
  readonly flag: string;
  /** As it was written; `undefined`: it was not given. */
  readonly text: string | undefined;
  readonly fallback: number;
  /** Default 1. */
  readonly from?: number;
  /** Default 99999. */
  readonly to?: number;
}

/** @throws UsageError for all but decimal digits without a zero before them, from `from` to `to`. */
export function wholeNumber({ flag, text, fallback, from = 1, to = 99_999 }: WholeNumberOption): number {
  if (text === undefined) return fallback;
  const number = /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw new UsageError(`${flag} takes a whole number from ${from} to ${to}, got "${text}"`);
}

/** Names of a list with commas, in the order in which they are known. @throws UsageError for a stranger. */
export function chosenNames(flag: string, list: string, known: readonly string[]): string[] {
  const wanted = list.split(',').map((name) => name.trim());
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined) throw new UsageError(`${flag} knows ${known.join(', ')}; got "${stranger}"`);
  return known.filter((name) => wanted.includes(name));
}

/** A signal ends the tool as `process.exit` does, so that the kit ends its processes, which are in groups of their own. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
}

/** Prints the error on stderr. @returns the exit code: 2, followed by the usage, for wrong usage, else 1 */
export function explainFailure(tool: string, error: unknown, usage: string): number {
  console.error(`${tool}: ${(error as Error).message}`);
  if (!(error instanceof UsageError)) return 1;
  console.error(`\n${usage}`);
  return 2;
}
