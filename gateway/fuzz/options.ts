import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Gateways under fire at a time, each with cases of its own. */
  readonly workers: number;
  readonly differential: boolean;
  /** Of the differential run; it ends with the seconds or with these, whichever comes first. */
  readonly inputs: number;
}

export class UsageError extends Error {}

export const usage = `npm run fuzz -- [options]

  --seconds N      how long (default 60)
  --seed S         the same seed tries the same cases (default: a new one, printed)
  --workers N      gateways under fire at a time, each with its own cases (default 2)
  --differential   compare the wire lane's readers with Node's own parser, in this process, instead
  --inputs N       of a differential run: end after so many, if the time is not up before (default 1000000)

Exit codes: 0 nothing was found, 1 something was (its bytes are written to gateway/fuzz/seeds), 2 wrong usage.
`;

const flags = {
  seconds: { type: 'string' },
  seed: { type: 'string' },
  workers: { type: 'string' },
  inputs: { type: 'string' },
  differential: { type: 'boolean' },
} as const;

/** @throws UsageError for an unknown option, or a number that is not whole. */
export function parseOptions(argv: readonly string[], newSeed: () => number): FuzzOptions {
  const values = readFlags(argv);
  return {
    seconds: wholeNumber('--seconds', values.seconds, 60),
    seed: values.seed === undefined ? newSeed() : wholeNumber('--seed', values.seed, 0),
    workers: wholeNumber('--workers', values.workers, 2),
    inputs: wholeNumber('--inputs', values.inputs, 1_000_000),
    differential: values.differential === true,
  };
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${flag} takes a whole number, got "${text}"`);
  return Number(text);
}
