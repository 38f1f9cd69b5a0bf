/** Guesses the intended value from one of the wrong type. */

import { lettersInNumber, nearest, pastedHint } from '../keys/hint.ts';
import { type KeyDoc, keysAt, metaOf } from '../keys/key-doc.ts';
import { integerOf } from '../keys/scalar.ts';
import { portHint } from '../keys/target.ts';
import { unitHint } from '../keys/units.ts';
import type { LeafIssue } from './leaf-issue.ts';
import { configuration } from './schema.ts';
import { nodeAt } from './source.ts';
import type { SourceDocument } from './source-document.ts';
import { elsewhereWord } from './vocabulary.ts';

/** `undefined`: no idea. */
export function hintOf(
  value: unknown,
  doc: KeyDoc,
  leaf: LeafIssue,
  document: SourceDocument,
): string | undefined {
  if (typeof value === 'number') return numberHint(value, doc, leaf);
  if (value === null) return emptyHint(leaf);
  const key = String(leaf.path.at(-1));
  if (key === 'tls' && leaf.path[0] === 'routes' && typeof value !== 'object') return OF_SERVICES;
  if (typeof value === 'string') return textHint(value, doc, leaf);
  if (doc.expected === 'the path of a file' && (key === 'basic' || key === 'keys')) return SHORT.get(key);
  if (value === true) return ON.get(key);
  if (isMixedList(leaf, document))
    return 'a list holds targets, or maps with "to", not both; endpoints with weights stand below "to:"';
  const isMap = doc.expected?.startsWith('a map') ?? false;
  return Array.isArray(value) && isMap ? 'remove the dashes: it is a map, not a list' : undefined;
}

const OF_SERVICES =
  'certificates of the gateway stand below "tls:" at the top level; this one is about those of services: { ca: ./ca.pem }';
const CERTIFICATES = 'acme: on orders certificates, dev makes some for this machine (docs/tls.md)';

/** Likely intentions of switching these on. */
const ON: ReadonlyMap<string, string> = mapOf({
  admin: 'leave the key out for 127.0.0.1:3900',
  trustProxy: 'say whom to believe: loopback, private, or addresses',
  health: 'say what to ask: /healthz, say, or tcp',
  workers: 'say how many: auto, or a number',
  canary: 'say where, and how much: { to: 3002, weight: 5% }',
  slowStart: 'say how long: 30s',
  breaker: 'write on',
  tls: CERTIFICATES,
});

/** Likely intentions of text in place of a map. */
const SHORT: ReadonlyMap<string, string> = mapOf({
  cors: 'on is every origin, without cookies; or name them: { origins: https://app.example.com }',
  errorPages: 'say which answers have the page: { 404: ./404.html, 5xx: ./down.html }',
  respond: 'with its key: { status: 200, body: ./page.html }',
  auth: 'say which proof, and where it is: { basic: ./users.txt }',
  tls: CERTIFICATES,
  compress: 'true is enough; with its key: { encodings: [br, gzip] }',
  rewrite: 'another path at the service is "rewritePrefix: /api"',
  minVersion: 'its number alone: "1.2"',
  traces: 'with its key: { otlp: http://127.0.0.1:4318 }',
  hash: 'with its name: { cookie: sid }, or { header: X-User }',
  basic: 'users stand in a file of their own, made by "portway passwd" (docs/auth.md)',
  keys: 'keys stand in a file of their own (docs/auth.md)',
  cache: 'true is enough: how long an answer is kept is said by its own Cache-Control (docs/cache.md)',
});

/** A key may be any word, `constructor` too, which every object has. */
function mapOf(hints: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(hints));
}

function numberHint(value: number, doc: KeyDoc, leaf: LeafIssue): string | undefined {
  if (leaf.path.at(-1) === 'rateLimit') return rateHint(`${value}/s`);
  if (doc.holder === 'a canary') return `and how much goes there: { to: ${value}, weight: 5% }`;
  if (doc.type?.includes('#retries')) return retriesHint(value);
  if (doc.needsUnit !== undefined && doc.bounds && value >= 0)
    return unitHint(doc.needsUnit, value, doc.bounds);
  if (doc.expected?.startsWith('a rate:')) return `with the time that it is for: ${value}/s`;
  if (doc.type === 'port' || doc.type === 'target') return portHint(String(value));
  if (doc.bounds !== undefined) return undefined;
  return doc.expected === 'a command line' || doc.expected?.startsWith('the path')
    ? 'put it in quotes'
    : undefined;
}

/** @param text `100/s`; nginx's `100r/s` means the same */
function rateHint(text: string): string {
  const [, count, period] = /^([1-9]\d{0,5}) ?r?\/ ?([smhd])$/.exec(text) ?? [];
  return `with its key: { rate: ${count ?? 100}/${period ?? 's'} }`;
}

function retriesHint(retries: number): string {
  return retries < 10
    ? `attempts counts the first one: { attempts: ${Math.max(retries, 0) + 1} }`
    : 'attempts counts the first one, and ends at 10: { attempts: 10 }';
}

function textHint(text: string, doc: KeyDoc, leaf: LeafIssue): string | undefined {
  if (/^(?:yes|no|y|n)$/i.test(text) && doc.expected?.startsWith('true')) {
    return `YAML 1.2 knows true and false alone: ${/^y/i.test(text)}`;
  }
  if (leaf.path.join() === 'tls' && /^(?:off|none|no)$/.test(text)) return 'leave the key out';
  // A union of a word and something else fails as the something else.
  const elsewhere = elsewhereWord(text, leaf.schemas.map(metaOf).flatMap(wordsOf));
  if (elsewhere !== null) return `here it is called ${elsewhere}`;
  if (leaf.issue.code === 'invalid_value' || leaf.issue.code === 'invalid_union') {
    const near = nearest(text, wordsOf(doc));
    if (near !== null) return `did you mean ${near}?`;
  }
  if (integerOf(text) !== null && (doc.type === 'port' || doc.type === 'number')) return 'remove the quotes';
  const letters = lettersInNumber(text);
  if (letters !== null) return letters;
  const pasted = pastedHint(text);
  if (pasted !== null) return pasted;
  if (doc.type === 'port') return portHint(text);
  if (leaf.path.at(-1) === 'rateLimit') return rateHint(text);
  const short = SHORT.get(String(leaf.path.at(-1)));
  if (short !== undefined) return short;
  const glued = /^(\/\S*?):(\S+)/.exec(text);
  if (glued && doc.expected?.startsWith('a map'))
    return `a space is missing after the colon: ${glued[1]}: ${glued[2]}`;
  return doc.holder === undefined ? undefined : `its keys are ${keysAt(configuration, leaf.path).join(', ')}`;
}

/** The words of `keep or rewrite`. */
function wordsOf(doc: KeyDoc): string[] {
  const [words = ''] = (doc.expected ?? '').split(/,? or an? /);
  return words.split(/, | or /).filter((word) => /^[a-z]+(?:-[a-z]+)*$/.test(word));
}

function emptyHint(leaf: LeafIssue): string {
  const key = leaf.path.at(-1);
  if (leaf.path.length === 1 && key === 'routes')
    return 'indent the routes below it by two spaces; {} is none at all';
  return 'give it a value, or remove the key';
}

function isMixedList(leaf: LeafIssue, document: SourceDocument): boolean {
  if (typeof leaf.path.at(-1) !== 'number') return false;
  const list = nodeAt(document.root, leaf.path.slice(0, -1));
  if (list?.kind !== 'list') return false;
  const maps = list.items.filter((item) => item.kind === 'map').length;
  return maps > 0 && maps < list.items.length;
}
