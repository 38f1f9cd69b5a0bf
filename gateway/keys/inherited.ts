/** A key that a route has from the top level, where it does not say otherwise: one row for both places. */

import type { z } from 'zod';
import type { KeyDoc } from './key-doc.ts';
import { plainValue } from './scalar.ts';
import { described } from './value.ts';

interface Settings<Schema extends z.ZodType, Value> {
  /** The value if neither place has one; default: the compiled `top.default`. */
  readonly own?: NoInfer<Value>;
  /** Default: the value as it is written. @param folder the folder of the configuration: paths in it are relative to it */
  compile?(written: z.output<Schema>, base: Value, folder: string): Value;
  /** Its text in the reference. */
  readonly top: KeyDoc & { readonly text?: string };
  readonly route: KeyDoc & { readonly text: string };
}

/** Of a key of the top level and of a route alike. */
export interface InheritedRow<Schema extends z.ZodType, Name extends string, Value> {
  readonly name: Name;
  readonly own: Value;
  /** `undefined`: the place is silent, and has the value of `base`; `null` is a value. */
  compile(written: z.output<Schema> | undefined, base: Value, folder: string): Value;
  readonly top: z.ZodOptional<Schema>;
  readonly route: z.ZodOptional<Schema>;
}

/** @param name in the compiled configuration, with its unit */
export function inherited<const Name extends string, Schema extends z.ZodType, Value = z.output<Schema>>(
  name: Name,
  schema: Schema,
  settings: Settings<Schema, Value>,
): InheritedRow<Schema, Name, Value> {
  const { compile = (written) => written as Value, top, route } = settings;
  const standard = () => compile(schema.parse(plainValue(top.default!)), null as Value, '');
  const own = settings.own === undefined ? standard() : settings.own;
  const { text: topText = 'For every route that does not say otherwise.', ...topDoc } = top;
  const { text, ...doc } = route;
  const routeDoc = { defaultText: 'as at the top level', ...doc };
  return {
    name,
    own,
    compile: (written, base, folder) => (written === undefined ? base : compile(written, base, folder)),
    top: described(schema, topText, { ...doc, ...topDoc }).optional(),
    route: described(schema, text, routeDoc).optional(),
  };
}
