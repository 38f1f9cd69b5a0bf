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
