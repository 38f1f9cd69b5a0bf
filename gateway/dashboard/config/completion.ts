/** A JSON schema, as far as completion reads it. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

export interface Offer {
  /** Where the word begins that is being written. */
  readonly from: number;
  readonly items: ReadonlyArray<{ readonly text: string; readonly insert: string; readonly what: string }>;
}

const KEY = /^(\s*(?:- +)?)([A-Za-z][\w-]*)?$/;
const VALUE = /^(\s*(?:- +)?)([\w-]+|"[^"]*"|'[^']*'): +([\w-]*)$/;
const PARENT = /^(\s*)(- +)?("[^"]*"|'[^']*'|[^\s#{["'][^#]*?):(?:\s|$)/;

/** Completions at this position of the file, by the schema. @param asked by keyboard: then also without a typed prefix */
export function offerAt(text: string, caret: number, schema: Schema, asked = false): Offer | null {
  const before = text.slice(0, caret);
  const begin = before.lastIndexOf('\n') + 1;
  const line = before.slice(begin);
  // In the middle of a line something stands there already.
  if (/^[^\n]*\S/.test(text.slice(caret))) return null;
  const above = before.slice(0, begin).split('\n').slice(0, -1);
  const [, keyIndent, word = ''] = KEY.exec(line) ?? [];
  if (keyIndent !== undefined) {
    if (word === '' && !asked) return null;
    const column = keyIndent.length;
    const places = placesOf(schema, pathOf(above, column), schema);
    const taken = siblingsOf(
      text.slice(0, begin).split('\n'),
      text.slice(caret).split('\n').slice(1),
      column,
    );
    const items = keysOf(places, schema)
      .filter(([name]) => name.startsWith(word) && name !== word && !taken.has(name))
      .map(([name, one]) => ({ text: name, insert: `${name}: `, what: one.description ?? '' }));
    return offer(caret - word.length, items);
  }
  const [, valueIndent, name, value = ''] = VALUE.exec(line) ?? [];
  if (valueIndent === undefined || name === undefined) return null;
  const path = [...pathOf(above, valueIndent.length), bare(name)];
  const words = alternatives(placesOf(schema, path, schema), schema).flatMap(wordsOf);
  const items = [...new Set(words)]
    .filter((one) => one.startsWith(value) && one !== value)
    .map((one) => ({ text: one, insert: one, what: '' }));
  return offer(caret - value.length, items);
}

const ITEMS_MAX = 50;

function offer(from: number, items: Offer['items']): Offer | null {
  return items.length === 0 ? null : { from, items: items.slice(0, ITEMS_MAX) };
}

/** The keys below which a line with this indentation stands, the outermost first. */
function pathOf(above: readonly string[], column: number): string[] {
  const path: string[] = [];
  let limit = column;
  for (let at = above.length - 1; at >= 0 && limit > 0; at--) {
    const [, indent = '', dash = '', key] = PARENT.exec(above[at]!) ?? [];
    if (key === undefined) continue;
    // After a dash begins an item of a list: its own key is a sibling.
    if (indent.length < limit && indent.length + dash.length !== limit) path.unshift(bare(key));
    if (indent.length < limit) limit = indent.length;
  }
  return path;
}

/** Keys that the same mapping has already. */
function siblingsOf(above: readonly string[], below: readonly string[], column: number): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const lines of [above.toReversed(), below])
    for (const line of lines) {
      if (/^\s*(#|$)/.test(line)) continue;
      const [, indent = '', dash = '', key] = PARENT.exec(line) ?? [];
      const depth = key === undefined ? /^\s*/.exec(line)![0].length : indent.length + dash.length;
      if (depth < column) break;
      if (depth === column && key !== undefined) keys.add(bare(key));
    }
  return keys;
}

function bare(key: string): string {
  return key.replace(/^(["'])(.*)\1$/, '$2').trim();
}

function placesOf(schema: Schema, path: readonly string[], root: Schema): readonly Schema[] {
  return path.reduce<readonly Schema[]>(
    (places, key) => alternatives(places, root).flatMap((place) => below(place, key)),
    [schema],
  );
}

function below({ properties, additionalProperties, items }: Schema, key: string): readonly Schema[] {
  const own = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (own !== undefined) return [own];
  const inList = items === undefined ? [] : below(items, key);
  return typeof additionalProperties === 'object' ? [additionalProperties, ...inList] : inList;
}

/** Each shape that a value may have here. */
function alternatives(places: readonly Schema[], root: Schema, depth = 0): readonly Schema[] {
  if (depth > 12) return [];
  return places.flatMap((place) => {
    const { $ref, anyOf = [], allOf = [], items } = place;
    const named = $ref === undefined ? undefined : root.definitions?.[$ref.replace('#/definitions/', '')];
    const inner = [...(named ? [named] : []), ...anyOf, ...allOf, ...(items ? [items] : [])];
    return [place, ...alternatives(inner, root, depth + 1)];
  });
}

function keysOf(places: readonly Schema[], root: Schema): ReadonlyArray<readonly [string, Schema]> {
  const all = new Map<string, Schema>();
  for (const { properties = {} } of alternatives(places, root))
    for (const [name, one] of Object.entries(properties)) if (!all.has(name)) all.set(name, one);
  return [...all];
}

function wordsOf({ enum: choices = [], const: only }: Schema): readonly string[] {
  return [...choices, only].filter((one) => typeof one === 'string' || typeof one === 'boolean').map(String);
}
