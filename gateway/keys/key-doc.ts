/** Documentation of a key beyond its type, for error messages, editors and the reference. */

import { z } from 'zod';
import type { Unit } from './units.ts';

declare module 'zod' {
  interface GlobalMeta {
    /** Not part of the JSON schema. */
    doc?: KeyDoc;
  }
}

export interface KeyDoc {
  /** Follows "expected": `a port from 1 to 65535`. */
  readonly expected?: string;
  /** How the reference names the type; default: `expected`. */
  readonly type?: string;
  /** As it would be written in the file. */
  readonly default?: string;
  /** Where the default is not a value but a sentence. */
  readonly defaultText?: string;
  readonly bounds?: { readonly min: string; readonly max: string };
  /** The effect at the lower and at the upper bound. */
  readonly ends?: string;
  /** For objects, with the article: `a route`. */
  readonly holder?: string;
  /** Whether a number is a value without its unit. */
  readonly needsUnit?: Unit;
  /** Names for it in nginx, HAProxy, Envoy, Caddy, Traefik, Compose and the like: words in lower case without separators. */
  readonly also?: string;
}

export function docOf(schema: z.core.$ZodType): KeyDoc {
  return z.globalRegistry.get(schema)?.doc ?? {};
}

/** The definition that zod keeps of a schema: the only place that reads zod's inner structure (docs/private-parts.md). */
export function definitionOf(schema: z.core.$ZodType): z.core.$ZodTypes['_zod']['def'] {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** Whether a map without the key is refused. */
export function isRequired(schema: z.core.$ZodType): boolean {
  return schema._zod.optin !== 'optional';
}

/** The schema within `optional`, `prefault` and the input side of a transform. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'optional':
    case 'prefault':
    case 'default':
    case 'nullable':
      return unwrapped(def.innerType);
    case 'pipe':
      return unwrapped(def.in);
    default:
      return schema;
  }
}

/** The nearest description on the way inwards: of the key, then of its kind of value. */
export function metaOf(schema: z.core.$ZodType): KeyDoc & { readonly description?: string } {
  const own = z.globalRegistry.get(schema);
  const inner = innerOf(schema);
  const below = inner === null ? {} : metaOf(inner);
  const description = own?.description ?? below.description;
  return { ...below, ...own?.doc, ...(description !== undefined && { description }) };
}

function innerOf(schema: z.core.$ZodType): z.core.$ZodType | null {
  const def = definitionOf(schema);
  if (def.type === 'pipe') return def.in;
  return 'innerType' in def ? (def.innerType as z.core.$ZodType) : null;
}

/** The schemas that a value at a path is held against: several where unions branch. */
export function schemasAt(root: z.core.$ZodType, path: readonly (string | number)[]): z.core.$ZodType[] {
  let found: z.core.$ZodType[] = [root];
  for (const key of path) found = found.flatMap((schema) => stepInto(schema, key));
  return found;
}

function stepInto(schema: z.core.$ZodType, key: string | number): z.core.$ZodType[] {
  const inner = unwrapped(schema);
  const def = definitionOf(inner);
  switch (def.type) {
    case 'union':
      return def.options.flatMap((option) => stepInto(option, key));
    case 'object':
      return typeof key === 'string' && Object.hasOwn(def.shape, key) ? [def.shape[key]!] : [];
    case 'record':
      return typeof key === 'string' ? [def.valueType] : [];
    case 'array':
      return typeof key === 'number' ? [def.element] : [];
    default:
      return [];
  }
}

/** The keys of the objects that may stand at a path. */
export function keysAt(root: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  return [
    ...new Set(
      schemasAt(root, path)
        .flatMap(objectsIn)
        .flatMap((shape) => Object.keys(shape)),
    ),
  ];
}

/** The name of the object at a path. */
export function holderAt(root: z.core.$ZodType, path: readonly (string | number)[]): string {
  for (const schema of schemasAt(root, path).flatMap(optionsIn)) {
    const { holder } = metaOf(schema);
    if (holder !== undefined) return holder;
  }
  return 'the configuration';
}

export function optionsIn(schema: z.core.$ZodType): z.core.$ZodType[] {
  const inner = unwrapped(schema);
  const def = definitionOf(inner);
  return def.type === 'union' ? def.options.flatMap(optionsIn) : [inner];
}

/** The branches of a union, none of its nested unions opened. */
export function optionsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = definitionOf(unwrapped(schema));
  return def.type === 'union' ? def.options : [];
}

/** The schema of the keys of the record at a path. */
export function keySchemaAt(
  root: z.core.$ZodType,
  path: readonly (string | number)[],
): z.core.$ZodType | null {
  for (const schema of schemasAt(root, path).flatMap(optionsIn)) {
    const def = definitionOf(schema);
    if (def.type === 'record') return def.keyType;
  }
  return null;
}

function objectsIn(schema: z.core.$ZodType): z.core.$ZodShape[] {
  const shapes: z.core.$ZodShape[] = [];
  for (const option of optionsIn(schema)) {
    const def = definitionOf(option);
    if (def.type === 'object') shapes.push(def.shape);
  }
  return shapes;
}

/** A key that a word of another program stands for, among the keys of its map. */
export interface Synonym {
  readonly key: string;
  readonly siblings: readonly string[];
}

/** For each of other programs' words the keys that it stands for, wherever they are, in the order of the schema. */
export function synonymsIn(root: z.core.$ZodType): Readonly<Record<string, readonly Synonym[]>> {
  const pairs = shapesBelow(root).flatMap((shape) => {
    const siblings = Object.keys(shape);
    return Object.entries(shape).flatMap(([key, schema]) =>
      (metaOf(schema).also?.split(' ') ?? []).map((word) => ({ word, synonym: { key, siblings } })),
    );
  });
  const byWord = Object.entries(Object.groupBy(pairs, ({ word }) => word));
  return Object.fromEntries(byWord.map(([word, found]) => [word, found!.map(({ synonym }) => synonym)]));
}

/** The keys of every object, outer ones first. */
function shapesBelow(root: z.core.$ZodType, seen = new Set<z.core.$ZodType>()): z.core.$ZodShape[] {
  return optionsIn(root).flatMap((option) => {
    if (seen.has(option)) return [];
    seen.add(option);
    const def = definitionOf(option);
    if (def.type === 'record') return shapesBelow(def.valueType, seen);
    if (def.type === 'array') return shapesBelow(def.element, seen);
    if (def.type !== 'object') return [];
    return [def.shape, ...Object.values(def.shape).flatMap((schema) => shapesBelow(schema, seen))];
  });
}
