import { NEWEST } from './newest.ts';

/** What fails by default, and passes with a key of the route's `cache:`. */
export const MENDED_BY: Readonly<Record<string, readonly string[]>> = {
  'errors: true': [
    ...['status-400-fresh', 'status-499-fresh', 'status-500-fresh', 'status-502-fresh', 'status-503-fresh'],
    ...['status-504-fresh', 'status-599-fresh'],
  ],
  'heuristic: true': [
    ...['heuristic-200-cached', 'heuristic-203-cached', 'heuristic-204-cached', 'heuristic-404-cached'],
    ...['heuristic-405-cached', 'heuristic-410-cached', 'heuristic-414-cached', 'heuristic-501-cached'],
    'heuristic-599-cached',
  ],
  // Its rows are of the kind that nobody need pass.
  'staleIfError: 1m': [],
};

const AGE =
  'Age is the first member of a list, and what is no number is no age (RFC 9111 §5.1): the newest edition asks for just that';
const CLOSED =
  "can't be passed: an error of our own has no count of the suite's origin, and is taken for a kept answer; the newest edition asks that it has none";
const COOKIE = 'what comes with Set-Cookie is never given to another one';
const PART =
  'no part is kept; and these name six bytes in Content-Range, and have five, so nobody knows which';
const WHOLE = 'no whole is made of parts; and without a strong validator none may be (RFC 9110 §15.3.7.3)';
const LANGUAGES = 'another order of languages is another variant: what it means is for the service to say';

/** What fails whatever is chosen, and why. */
export const FAILING: Readonly<Record<string, string>> = {
  'age-parse-nonnumeric': AGE,
  'age-parse-negative': AGE,
  'age-parse-float': AGE,
  'age-parse-prefix-twoline': AGE,
  'age-parse-dup-0': AGE,
  'age-parse-dup-0-twoline': AGE,
  'age-parse-dup-old': AGE,
  'age-parse-parameter': AGE,
  'age-parse-numeric-parameter': AGE,
  'stale-close-must-revalidate': CLOSED,
  'stale-close-proxy-revalidate': CLOSED,
  'stale-close-no-cache': CLOSED,
  'stale-close-s-maxage=2': CLOSED,
  'method-POST': 'only answers to GET are kept: no service was seen to count on more',
  'vary-normalise-lang-order': LANGUAGES,
  'vary-normalise-lang-select': LANGUAGES,
  'conditional-lm-fresh-no-lm': 'what is kept is newer than the date that is asked about (RFC 9111 §4.3.2)',
  'headers-store-Set-Cookie': COOKIE,
  'headers-store-Transfer-Encoding':
    'an answer whose Transfer-Encoding nobody knows is refused (RFC 9112 §6.1)',
  '304-etag-update-response-ETag':
    'a 304 for another tag says nothing of what is kept (RFC 9111 §4.3.4), so the whole is asked for',
  '304-etag-update-response-Set-Cookie': COOKIE,
  'partial-store-partial-reuse-partial': PART,
  'partial-store-partial-reuse-partial-byterange': PART,
  'partial-store-partial-reuse-partial-absent': PART,
  'partial-store-partial-reuse-partial-suffix': PART,
  'partial-store-partial-complete': WHOLE,
  'other-set-cookie': COOKIE,
};

/** The same, of what its newest edition asks. */
export const FAILING_IN_NEWEST: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FAILING).filter(([id]) => NEWEST.changes[id] === undefined),
);
