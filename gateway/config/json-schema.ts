/** The JSON schema that editors check and complete `gateway.config.yaml` with. */

import { z } from 'zod';
import { docOf } from '../keys/key-doc.ts';
import { integerOf } from '../keys/scalar.ts';
import { configuration } from './schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Draft-07, which the YAML servers of the editors know best. It describes the file as written, before variables are expanded. */
export function jsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configuration, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema: json }) => {
      const { default: written } = docOf(zodSchema);
      delete json.doc;
      if (written !== undefined) json.default = scalarOf(written);
    },
  });
  const { required: _, ...json } = tidied(schema);
  // Where containers ask for routes, the file need not have any.
  const anyOf = ['routes', 'discover'].map((key) => ({ required: [key] }));
  return { ...json, anyOf, title: 'gateway.config.yaml of Portway' };
}

/** The file's value that is written like this. */
function scalarOf(written: string): string | number | boolean {
  if (written === 'true' || written === 'false') return written === 'true';
  return integerOf(written) ?? written;
}

/** Allows a variable for every value, flattens nested choices, and removes empty schemas. */
function tidied(schema: JsonSchema): JsonSchema {
  const { anyOf, allOf, propertyNames, ...rest } = schema;
  const json: JsonSchema = rest;
  for (const key of ['properties', 'definitions'] as const) {
    const inner = json[key] as Readonly<Record<string, JsonSchema>> | undefined;
    if (inner !== undefined) json[key] = mapValues(inner, tidied);
  }
  for (const key of ['items', 'additionalProperties'] as const) {
    const inner = json[key];
    if (isSchema(inner)) json[key] = tidied(inner);
  }
  if (isSchema(json.default)) delete json.default;
  if (isSchema(propertyNames) && Object.keys(propertyNames).length > 1) json.propertyNames = propertyNames;
  if (allOf !== undefined) json.allOf = allOf.map(tidied);
  return withChoices(json, anyOf?.flatMap((choice) => choicesOf(tidied(choice))) ?? []);
}

/** A choice without a text of its own is its choices. */
function choicesOf(choice: JsonSchema): JsonSchema[] {
  const isChoiceAlone = choice.anyOf !== undefined && Object.keys(choice).length === 1;
  return isChoiceAlone ? choice.anyOf! : [choice];
}

/** A value with a variable is text in the file, whatever it becomes. */
const VARIABLE: JsonSchema = { type: 'string', pattern: '\\$\\{' };

const TEXT_OF_SCHEMA = ['description', 'default', 'title'];

function withChoices(json: JsonSchema, choices: readonly JsonSchema[]): JsonSchema {
  if (choices.length > 0) return { ...json, anyOf: unique(choices) };
  if (isAnyText(json) || !isScalar(json)) return json;
  const entries = Object.entries(json).filter(([key, value]) => !isSafeIntegerBound(key, value));
  const text = entries.filter(([key]) => TEXT_OF_SCHEMA.includes(key));
  const own = entries.filter(([key]) => !TEXT_OF_SCHEMA.includes(key));
  return { ...Object.fromEntries(text), anyOf: [Object.fromEntries(own), VARIABLE] };
}

/** A text without any condition covers a variable, and every other text. */
function unique(choices: readonly JsonSchema[]): JsonSchema[] {
  const anyText = choices.some(isAnyText);
  const seen = new Map(choices.map((choice) => [JSON.stringify(choice), choice]));
  return [...seen.values()].filter((choice) => !anyText || isAnyText(choice) || choice.type !== 'string');
}

function isAnyText(json: JsonSchema): boolean {
  const conditions = ['pattern', 'enum', 'const', 'minLength'];
  return json.type === 'string' && conditions.every((key) => json[key] === undefined);
}

function isScalar(json: JsonSchema): boolean {
  return ['string', 'integer', 'number', 'boolean'].includes(String(json.type)) || json.const !== undefined;
}

function isSafeIntegerBound(key: string, value: unknown): boolean {
  return (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
