/**
 * One row per key: its values, its name in the compiled configuration, its effect, its default, and other programs' names for it. The
 * schema, the defaults and the inheritance of a map of keys follow from its rows.
 */

import { z } from 'zod';
import type { KeyDoc } from './key-doc.ts';
import { plainValue } from './scalar.ts';
import { described, flag } from './value.ts';

export interface Row<Schema extends z.ZodType, Name extends string, Own> {
  readonly schema: Schema;
  /** In the compiled configuration, with its unit. */
  readonly name: Name;
  /** Where the file is silent; `null` for a key without a default. */
  readonly own: Own;
}

type AnyRow = Row<z.ZodType, string, unknown>;
type Rows = Readonly<Record<string, AnyRow>>;

/** @param name in the compiled configuration, with its unit: `connectMs` */
export function row<Schema extends z.ZodType, const Name extends string>(
  schema: Schema,
  name: Name,
  description: string,
  doc: KeyDoc & { readonly default: string },
): Row<Schema, Name, z.output<Schema>>;
export function row<Schema extends z.ZodType, const Name extends string>(
  schema: Schema,
  name: Name,
  description: string,
  doc: KeyDoc,
): Row<Schema, Name, null>;
export function row(schema: z.ZodType, name: string, description: string, doc: KeyDoc): AnyRow {
  const own = doc.default === undefined ? null : schema.parse(plainValue(doc.default));
  return { schema: described(schema, description, doc), name, own };
}

type Shape<All extends Rows> = { readonly [Key in keyof All]: z.ZodOptional<All[Key]['schema']> };

/** The written form: each key is optional. */
type Written<All extends Rows> = {
  readonly [Key in keyof All]?: z.output<All[Key]['schema']> | undefined;
};

type Compiled<All extends Rows> = {
  readonly [Key in keyof All as All[Key]['name']]: z.output<All[Key]['schema']> | All[Key]['own'];
};

export interface Section<All extends Rows> {
  /** Of the zod object. */
  readonly shape: Shape<All>;
  /** The compiled defaults. */
  readonly own: Compiled<All>;
  /** Compiles written keys over inherited ones. With nothing written it returns the inherited object itself. */
  readonly compile: (written: Written<All> | undefined, base?: Compiled<All>) => Compiled<All>;
}

export function section<const All extends Rows>(rows: All): Section<All> {
  const entries = Object.entries(rows);
  const shape = Object.fromEntries(entries.map(([key, { schema }]) => [key, schema.optional()]));
  const own = Object.fromEntries(entries.map(([, { name, own }]) => [name, own])) as Compiled<All>;
  return {
    shape: shape as Shape<All>,
    own,
    compile: (written, base = own) => compiled(entries, written, base),
  };
}

function compiled<All extends Rows>(
  entries: readonly (readonly [string, AnyRow])[],
  written: Written<All> | undefined,
  base: Compiled<All>,
): Compiled<All> {
  if (written === undefined) return base;
  const values: Readonly<Record<string, unknown>> = written;
  const inherited: Readonly<Record<string, unknown>> = base;
  const result: Record<string, unknown> = {};
  // `null` is a value: it removes an inherited one.
  for (const [key, { name }] of entries)
    result[name] = values[key] === undefined ? inherited[name] : values[key];
  return result as Compiled<All>;
}

/** Settings that may be switched on and off, or set one by one. `null`: off. An empty map: on, with the defaults. */
export function switchable<Form extends z.ZodObject>(form: Form, name: string) {
  const keys = Object.keys(form.shape).join(', ');
  return z.union([flag.transform((on): Partial<z.output<Form>> | null => (on ? {} : null)), form]).meta({
    doc: {
      type: `\`on\`, \`off\`, or a map, see [${name}](#${name})`,
      expected: `on, off, or a map with ${keys}`,
    },
  });
}

/** How a switchable section is inherited: switched on below where it is off, the gateway's own holds. */
export function compileSwitchable<All extends Rows>({ own, compile }: Section<All>) {
  return (written: Written<All> | null | undefined, base: Compiled<All> | null): Compiled<All> | null => {
    if (written === undefined) return base;
    return written === null ? null : compile(written, base ?? own);
  };
}
