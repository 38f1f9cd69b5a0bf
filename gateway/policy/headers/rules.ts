/** Applies header rules to a list of fields. */

import type { Fields } from '../../exchange/contract.ts';
import { FieldNames } from '../../fields/field-names.ts';

/** Plain data, as the configuration keeps it. */
export interface FieldRules {
  /** Names in lower case to remove, whatever their values. */
  readonly drop: readonly string[];
  /** Name, value, name, value ... that are added behind the rest. */
  readonly append: readonly string[];
}

export const NO_RULES: FieldRules = { drop: [], append: [] };

/** The rules of the top level, and those of a route after them, as one. */
export function after(first: FieldRules, then: FieldRules): FieldRules {
  const gone = new FieldNames(then.drop);
  return {
    drop: [...new Set([...first.drop, ...then.drop])],
    append: [...withoutNames(first.append, gone), ...then.append],
  };
}

export function isEmpty({ drop, append }: FieldRules): boolean {
  return drop.length + append.length === 0;
}

/** As a function on fields, which is made once for a route. */
export function editor({ drop, append }: FieldRules): (fields: Fields) => Fields {
  const gone = new FieldNames(drop);
  return (fields) => {
    const out = withoutNames(fields, gone);
    for (const text of append) out.push(text);
    return out;
  };
}

/** Adds fields that the answer lacks: fields of the gateway's own answers stay. */
export function adder({ append }: FieldRules): (fields: Fields) => Fields {
  return (fields) => {
    const own = new FieldNames(namesOf(fields));
    return [...fields, ...withoutNames(append, own)];
  };
}

/** In lower case. */
export function namesOf(fields: Fields): string[] {
  return fields.flatMap((name, at) => (at % 2 === 0 ? [name.toLowerCase()] : []));
}

function withoutNames(fields: Fields, names: FieldNames): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!names.has(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}
