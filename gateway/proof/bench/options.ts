import { chosenNames, readFlags, wholeNumber } from '../testing/tool-options.ts';
import { cases } from './cases.ts';
import { peers } from './peers/all.ts';

export interface BenchOptions {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  /** How often a measurement is made that other processes disturb. */
  readonly attempts: number;
  /** Names of peers and cases, in the order of their tables. */
  readonly peers: readonly string[];
  readonly cases: readonly string[];
  /** File for every single measurement. */
  readonly json: string | null;
  /** Whether the result may stand in `docs/benchmarks.md`: every peer and case, at a length that means something. */
  readonly full: boolean;
}

export const usage = `npm run bench -- [options]

  --quick          two rounds of one second each: a first look, not a result
  --only A,B       these peers only (${peers.map((each) => each.name).join(', ')})
  --case A,B       these cases only (${cases.map((each) => each.name).join(', ')})
  --seconds N      length of one measurement (default 4)
  --rounds N       measurements of each peer and case (default 5)
  --json FILE      also write every measurement to FILE

A run over every peer and case, but for a --quick one, is written to docs/benchmarks.md, with its command.
`;

const flags = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  case: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  json: { type: 'string' },
} as const;

/** @throws UsageError for an unknown option or name, or a number that is not whole and above 0. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const values = readFlags(argv, flags);
  const quick = values.quick === true;
  const partial = values.only !== undefined || values.case !== undefined;
  return {
    seconds: wholeNumber({ flag: '--seconds', text: values.seconds, fallback: quick ? 1 : 4 }),
    warmUpSeconds: quick ? 2 : 4,
    attempts: quick ? 1 : 3,
    rounds: wholeNumber({ flag: '--rounds', text: values.rounds, fallback: quick ? 2 : 5 }),
    peers: named('--only', values.only, peers),
    cases: named('--case', values.case, cases),
    json: values.json ?? null,
    full: !quick && !partial,
  };
}

function named(flag: string, list: string | undefined, all: readonly { readonly name: string }[]): string[] {
  const names = all.map(({ name }) => name);
  return list === undefined ? names : chosenNames(flag, list, names);
}
