import { readFlags, wholeNumber } from '../testing/tool-options.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Gateways under fire at a time, each with cases of its own. */
  readonly workers: number;
  readonly differential: boolean;
  /** Of the differential run; it ends with the seconds or with these, whichever comes first. */
  readonly inputs: number;
}

export const usage = `npm run fuzz -- [options]

  --seconds N      how long (default 60)
  --seed S         the same seed tries the same cases (default: a new one, printed)
  --workers N      gateways under fire at a time, each with its own cases (default 2)
  --differential   compare the wire lane's readers with Node's own parser, in this process, instead
  --inputs N       of a differential run: end after so many, if the time is not up before (default 1000000)

Exit codes: 0 nothing was found, 1 something was (its bytes are written to gateway/proof/fuzz/seeds), 2 wrong usage.
`;

const flags = {
  seconds: { type: 'string' },
  seed: { type: 'string' },
  workers: { type: 'string' },
  inputs: { type: 'string' },
  differential: { type: 'boolean' },
} as const;

const NINE_DIGITS = { from: 0, to: 999_999_999 } as const;

/** @throws UsageError for an unknown option, or a number that is not whole. */
export function parseOptions(argv: readonly string[], newSeed: () => number): FuzzOptions {
  const values = readFlags(argv, flags);
  return {
    seconds: wholeNumber({ flag: '--seconds', text: values.seconds, fallback: 60, ...NINE_DIGITS }),
    seed: wholeNumber({ flag: '--seed', text: values.seed, fallback: newSeed(), ...NINE_DIGITS }),
    workers: wholeNumber({ flag: '--workers', text: values.workers, fallback: 2, ...NINE_DIGITS }),
    inputs: wholeNumber({ flag: '--inputs', text: values.inputs, fallback: 1_000_000, ...NINE_DIGITS }),
    differential: values.differential === true,
  };
}
