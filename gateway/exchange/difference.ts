import type { AnswerDifference, BodyChange, BodyView, ShownAnswer } from '../model/exchanges.ts';

/** How one answer differs from another: status, fields, and the body, JSON by its structure. Pure: a page in a browser may load it. */
export function differenceOf(
  before: ShownAnswer,
  after: ShownAnswer,
  isIgnored?: IsIgnored,
): AnswerDifference {
  return {
    status: before.status === after.status ? null : { before: before.status, after: after.status },
    fields: fieldChanges(before.fields, after.fields),
    body: bodyChanges(before.body, after.body, isIgnored),
  };
}

type Fields = ShownAnswer['fields'];

/** They differ with every answer, and say nothing. */
export const VOLATILE: ReadonlySet<string> = new Set(
  'date age x-request-id server-timing connection keep-alive transfer-encoding'.split(' '),
);

function fieldChanges(before: Fields, after: Fields): AnswerDifference['fields'] {
  const [old, now] = [valuesByName(before), valuesByName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].filter((name) => !VOLATILE.has(name));
  return names
    .map((name) => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
    .filter((change) => change.before !== change.after);
}

function valuesByName(fields: Fields): Map<string, string> {
  const byName = new Map<string, string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const others = byName.get(lower);
    byName.set(lower, others === undefined ? value : `${others}, ${value}`);
  }
  return byName;
}

function bodyChanges(
  before: BodyView | null,
  after: BodyView | null,
  isIgnored?: IsIgnored,
): AnswerDifference['body'] {
  if (before === null || after === null) return { kind: 'unknown', same: null, changes: [] };
  const [old, now] = [jsonOf(before), jsonOf(after)];
  if (old === undefined || now === undefined) {
    const partial = before.truncated || after.truncated;
    const same = before.text === after.text && before.base64 === after.base64 && before.bytes === after.bytes;
    return { kind: 'text', same: partial && same ? null : same, changes: [] };
  }
  const changes = jsonChanges(old.value, now.value, isIgnored);
  return { kind: 'json', same: changes.length === 0, changes };
}

function jsonOf({ kind, text, truncated }: BodyView): { readonly value: unknown } | undefined {
  if (kind !== 'json' || text === null || truncated || depthOf(text) > DEPTH_MAX) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Whether differences at a place, or below it, are ignored. @param path a JSON pointer (RFC 6901) */
export type IsIgnored = (path: string) => boolean;

/** Where two values of JSON differ, at most `CHANGES_MAX` places. */
export function jsonChanges(
  before: unknown,
  after: unknown,
  isIgnored: IsIgnored = () => false,
): readonly BodyChange[] {
  const changes: BodyChange[] = [];
  const compare = (before: unknown, after: unknown, path: string): void => {
    if (changes.length >= CHANGES_MAX || Object.is(before, after) || isIgnored(path)) return;
    if (!isNode(before) || !isNode(after) || Array.isArray(before) !== Array.isArray(after)) {
      changes.push({ path, before, after });
      return;
    }
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(
        memberOf(before, key),
        memberOf(after, key),
        `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      );
  };
  compare(before, after, '');
  return changes;
}

function memberOf(node: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(node, key) ? node[key] : undefined;
}

function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const CHANGES_MAX = 200;

/** An upper bound of how deep JSON nests, from its brackets alone. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

export const DEPTH_MAX = 200;
