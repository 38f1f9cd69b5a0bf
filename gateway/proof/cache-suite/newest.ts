/**
 * What the newest edition of the suite (github.com/http-tests/cache-tests at bb49f1d, which is in no registry) asks of rows that 0.4.5 has the other
 * way round, and what it asks of `CDN-Cache-Control`, of which 0.4.5 knows nothing: in words of our own, so that it can be run.
 */
export interface Newest {
  readonly changes: Readonly<Record<string, Change>>;
  readonly added: readonly AddedRow[];
}

/** `last`: what stands in the place of the expectations of the row's last request. */
export interface Change {
  readonly kind?: 'check';
  readonly last?: Readonly<Record<string, unknown>>;
}

/** An answer with these fields, and whether another one is asked for at the next request. Numbers are seconds from now. */
export interface AddedRow {
  readonly id: string;
  readonly kind: 'required' | 'optimal';
  readonly fields: readonly (readonly [string, string | number])[];
  readonly expected: 'cached' | 'not_cached';
}

const CACHED: Change = { last: { expected_type: 'cached' } };

/** Our own error is no answer of the origin, whose counts it lacks. */
const ERROR: Change = {
  last: {
    disconnect: true,
    expected_status: 502,
    check_body: false,
    expected_response_headers_missing: ['server-request-count'],
  },
};

/** RFC 9111 §5.1: the first member of a list counts, and what is no number is ignored. */
const CHANGES: Readonly<Record<string, Change>> = {
  'age-parse-nonnumeric': CACHED,
  'age-parse-negative': CACHED,
  'age-parse-float': CACHED,
  'age-parse-prefix-twoline': CACHED,
  'age-parse-dup-0': CACHED,
  'age-parse-dup-0-twoline': CACHED,
  'age-parse-dup-old': CACHED,
  'age-parse-parameter': { kind: 'check' },
  'age-parse-numeric-parameter': { kind: 'check' },
  'stale-close-must-revalidate': ERROR,
  'stale-close-proxy-revalidate': ERROR,
  'stale-close-no-cache': ERROR,
  'stale-close-s-maxage=2': ERROR,
};

const CDN = 'CDN-Cache-Control';
const CC = 'Cache-Control';
const LONG = 'max-age=10000';

const ADDED: readonly AddedRow[] = [
  optimal('cdn-max-age', [CDN, 'max-age=3600']),
  optimal('cdn-max-age-max', [CDN, 'max-age=2147483648']),
  optimal('cdn-max-age-max-plus', [CDN, 'max-age=99999999999']),
  optimal('cdn-max-age-extension', [CDN, 'foobar, max-age=3600']),
  optimal('cdn-max-age-expires', [CDN, 'max-age=3600'], ['Expires', -10_000], ['Date', 0]),
  optimal('cdn-max-age-cc-max-age-invalid-expires', [CDN, 'max-age=3600'], ['Expires', '0'], ['Date', 0]),
  optimal('cdn-max-age-short-cc-max-age', [CC, 'max-age=1'], [CDN, 'max-age=3600']),
  { ...optimal('cdn-fresh-cc-nostore', [CC, 'no-store'], [CDN, LONG]), kind: 'required' },
  required('cdn-max-age-age', ['Date', 0], [CDN, 'max-age=3600'], ['Age', '7200']),
  required('cdn-max-age-0', [CDN, 'max-age=0']),
  required('cdn-max-age-0-expires', [CDN, 'max-age=0'], ['Expires', 10_000], ['Date', 0]),
  required('cdn-max-age-long-cc-max-age', [CC, 'max-age=3600'], [CDN, 'max-age=1']),
  required('cdn-private', [CDN, 'private'], [CC, LONG], ['Expires', 10_000], ['Date', 0]),
  required('cdn-no-cache', [CDN, 'no-cache'], [CC, LONG], ['Expires', 10_000], ['Date', 0]),
  required('cdn-no-store-cc-fresh', [CC, LONG], [CDN, 'no-store'], ['Expires', 10_000], ['Date', 0]),
  required('cdn-cc-invalid-sh-type-unknown', [CDN, 'max-age=10000, &&&&&'], [CC, 'no-store']),
  required('cdn-cc-invalid-sh-type-wrong', [CDN, 'max-age="10000"'], [CC, 'no-store']),
];

export const NEWEST: Newest = { changes: CHANGES, added: ADDED };

function optimal(id: string, ...fields: AddedRow['fields']): AddedRow {
  return { id, kind: 'optimal', fields, expected: 'cached' };
}

function required(id: string, ...fields: AddedRow['fields']): AddedRow {
  return { id, kind: 'required', fields, expected: 'not_cached' };
}

/** A module that has the suite's own rows as they are here. @param original the module that has them as they were. */
export function amendedModule(original: string): string {
  return `import all from '${original}'
const { changes, added } = ${JSON.stringify(NEWEST)}
const rows = added.map(({ id, kind, fields, expected }) => ({
  id, kind, name: id,
  requests: [
    { response_headers: fields.map(([name, value]) => [name, value, false]), setup: true, pause_after: true },
    { expected_type: expected }
  ]
}))
for (const test of all.flatMap(({ tests }) => tests)) {
  const change = changes[test.id]
  if (change?.kind) test.kind = change.kind
  if (change?.last) test.requests[test.requests.length - 1] = change.last
}
export default [...all, { name: 'CDN-Cache-Control', id: 'cdn-cache-control', tests: rows }]
`;
}
