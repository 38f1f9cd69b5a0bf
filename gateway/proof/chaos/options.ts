import { randomInt } from 'node:crypto';
import { chosenNames, readFlags, UsageError, wholeNumber } from '../testing/tool-options.ts';

const laneChoices = ['wire', 'general'] as const;

export interface ChaosOptions {
  /** Ids of the rows to run, in the order of the list; `null`: all. */
  readonly only: readonly string[] | null;
  /** Fewer tries and smaller bodies: a first look, which must take no more than three minutes. */
  readonly short: boolean;
  /** Length of the mixed load. */
  readonly seconds: number;
  /** What is chosen at random follows from it. */
  readonly seed: number;
  /** Which implementation carries exchanges; `null`: as the gateway chooses. */
  readonly lane: (typeof laneChoices)[number] | null;
  /** Whether a row that misses is tried once more, at the end. */
  readonly again: boolean;
  /** Whether the result may stand in `docs/reliability.md`: every row, in its long form. */
  readonly full: boolean;
}

export const usage = `npm run chaos -- [options]

  --short          fewer tries, smaller bodies, half a minute of mixed load: for CI
  --only A,B       these rows only
  --list           the rows
  --seconds N      length of the mixed load (default 600, with --short 25)
  --seed N         what is chosen at random follows from it (default: another one each time)
  --again          a row that misses is tried once more, and says so: where others use the machine, too
  --lane L         carry exchanges by this lane: ${laneChoices.join(', ')}

A run over every row, but for a --short one, is written to docs/reliability.md, with its command.
`;

const flags = {
  short: { type: 'boolean' },
  only: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  lane: { type: 'string' },
  again: { type: 'boolean' },
} as const;

/** @param known ids of the rows. @throws UsageError for an unknown option, row or lane, or a number that is not whole and above 0. */
export function parseOptions(argv: readonly string[], known: readonly string[]): ChaosOptions {
  const values = readFlags(argv, flags);
  const short = values.short === true;
  const only = values.only === undefined ? null : chosenNames('--only', values.only, known);
  return {
    only,
    short,
    seconds: wholeNumber({ flag: '--seconds', text: values.seconds, fallback: short ? 25 : 600 }),
    seed: wholeNumber({ flag: '--seed', text: values.seed, fallback: randomInt(1, 99_999) }),
    lane: laneOf(values.lane),
    again: values.again === true,
    full: !short && only === null,
  };
}

function laneOf(text: string | undefined): ChaosOptions['lane'] {
  if (text === undefined) return null;
  const lane = laneChoices.find((each) => each === text);
  if (lane === undefined) throw new UsageError(`--lane knows ${laneChoices.join(', ')}; got "${text}"`);
  return lane;
}
