/** A key that a route has from the top level, where it does not say otherwise: one row for both places. */

import type { z } from 'zod';
import type { KeyDoc } from './key-doc.ts';
import { plainValue } from './scalar.ts';
import { described } from './value.ts';

interface Settings<Schema extends z.ZodType, Name extends string, Value> {
  readonly schema: Schema;
  /** In the compiled configuration, with its unit. */
  readonly name: Name;
  /** The value if neither place has one; default: the compiled `top.default`. */
  readonly own?: Value;
  /** @param folder the folder of the configuration: paths in it are relative to it */
  compile(written: z.output<Schema> | undefined, base: Value, folder: string): Value;
  /** Its text in the reference. */
  readonly top: KeyDoc & { readonly text?: string };
  readonly route: KeyDoc & { readonly text: string };
}

/** Of a key of the top level and of a route alike. */
export interface InheritedRow<Schema extends z.ZodType, Name extends string, Value> {
  readonly name: Name;
  readonly own: Value;
  compile(written: z.output<Schema> | undefined, base: Value, folder: string): Value;
  readonly top: z.ZodOptional<Schema>;
  readonly route: z.ZodOptional<Schema>;
}

export function inherited<Schema extends z.ZodType, const Name extends string, Value>(
  settings: Settings<Schema, Name, Value>,
): InheritedRow<Schema, Name, Value> {
  const { schema, name, compile, top, route } = settings;
  const standard = () => compile(schema.parse(plainValue(top.default!)), null as Value, '');
  const own = settings.own === undefined ? standard() : settings.own;
  const { text: topText = 'For every route that does not say otherwise.', ...topDoc } = top;
  const { text, ...doc } = route;
  const routeDoc = { defaultText: 'as at the top level', ...doc };
  return {
    name,
    own,
    compile,
    top: described(schema, topText, { ...doc, ...topDoc }).optional(),
    route: described(schema, text, routeDoc).optional(),
  };
}

/** For a key with a single value. `null` is a value: it removes the limit of the top level. */
export function orInherited<Value>(written: Value | undefined, base: Value): Value {
  return written === undefined ? base : written;
}
