/**
 * One row per key: its values, its name in the compiled configuration, its effect, its default, and other programs' names for it. The
 * schema, the defaults and the inheritance of a map of keys follow from its rows.
 */

import { z } from 'zod';
import type { KeyDoc } from './key-doc.ts';
import { plainValue } from './scalar.ts';
import { described, flag } from './value.ts';

interface RowDoc extends KeyDoc {
  /** Its name in the compiled configuration, with its unit: `connectMs`; default: the key itself. */
  readonly as?: string;
}

export interface Row<Schema extends z.ZodType, As extends string | null, Own> {
  readonly schema: Schema;
  readonly as: As;
  /** Where the file is silent; `null` for a key without a default. */
  readonly own: Own;
}

type AnyRow = Row<z.ZodType, string | null, unknown>;
type Rows = Readonly<Record<string, AnyRow>>;

type RowOf<Schema extends z.ZodType, Doc extends RowDoc> = Row<
  Schema,
  Doc extends { readonly as: infer As extends string } ? As : null,
  Doc extends { readonly default: string } ? z.output<Schema> : null
>;

export function row<Schema extends z.ZodType, const Doc extends RowDoc>(
  schema: Schema,
  description: string,
  doc: Doc,
): RowOf<Schema, Doc> {
  const { as, ...rest }: RowDoc = doc;
  const own = rest.default === undefined ? null : schema.parse(plainValue(rest.default));
  return { schema: described(schema, description, rest), as: as ?? null, own } as unknown as RowOf<
    Schema,
    Doc
  >;
}

type Shape<All extends Rows> = { readonly [Key in keyof All]: z.ZodOptional<All[Key]['schema']> };

/** The written form: each key is optional. */
type Written<All extends Rows> = {
  readonly [Key in keyof All]?: z.output<All[Key]['schema']> | undefined;
};

type NameOf<Key extends PropertyKey, One extends AnyRow> = One['as'] extends string ? One['as'] : Key;

type Compiled<All extends Rows> = {
  readonly [Key in keyof All as NameOf<Key, All[Key]>]: z.output<All[Key]['schema']> | All[Key]['own'];
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
  const own = Object.fromEntries(entries.map(([key, { as, own }]) => [as ?? key, own])) as Compiled<All>;
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
  for (const [key, { as }] of entries)
    result[as ?? key] = values[key] === undefined ? inherited[as ?? key] : values[key];
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
