/** Kinds of values that several keys of the schema share. */

import { z } from 'zod';
import type { Port } from '../model/config.ts';
import { parseAddressBlock } from './address-block.ts';
import { parseHost, parseHostPattern } from './host.ts';
import { docOf, type KeyDoc } from './key-doc.ts';
import { type ParseResult, type Refused, refused } from './parse-result.ts';
import { plainValue } from './scalar.ts';
import { parseTarget, portTarget } from './target.ts';
import {
  type Bounds,
  DURATION_IN_ORDER,
  parseDuration,
  parsePercent,
  parseSize,
  SIZE_PATTERN,
} from './units.ts';

/** Parameters of our `custom` issues. */
export type IssueParams = Omit<Refused, 'ok'> & {
  /** It is the key that is wrong, not its value. */
  readonly atKey?: boolean;
};

/**
 * A schema with a parser of ours behind it, whose refusal becomes the issue.
 * @param doc with a pattern for editors, which all that the parser accepts must match
 */
export function parsedBy<Schema extends z.ZodType, Value>(
  schema: Schema,
  parse: (input: z.output<Schema>) => ParseResult<Value>,
  { pattern, ...doc }: KeyDoc & { readonly pattern?: RegExp } = {},
) {
  const parsing = schema.transform((input, context): Value => {
    const parsed = parse(input);
    if (parsed.ok) return parsed.value;
    const { ok: _, ...params } = parsed;
    context.issues.push({ code: 'custom', input, params });
    return z.NEVER;
  });
  return parsing.meta(pattern === undefined ? { doc } : { doc, pattern: pattern.source });
}

/** A map of keys that has a name of its own, in the reference and in the JSON schema. @param holder as of `KeyDoc` */
export function form<Shape extends z.core.$ZodLooseShape>(id: string, holder: string, shape: Shape) {
  const expected = `a map with ${Object.keys(shape).join(', ')}`;
  const type = `map, see [${id}](#${id.toLowerCase()})`;
  return z.strictObject(shape).meta({ id, doc: { expected, type, holder } });
}

/** Adds documentation to a schema; a later description wins. */
export function described<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  doc: KeyDoc = {},
): Schema {
  return schema.meta({ description, doc: { ...docOf(schema), ...doc } }) as Schema;
}

/** Adds a default, in the form that the file would have. */
export function defaulted<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  doc: KeyDoc & { readonly default: string },
) {
  return described(schema, description, doc).prefault(plainValue(doc.default) as z.input<Schema>);
}

/** One, or a list of them: always a list. */
export function oneOrMore<One extends z.ZodType>(one: One) {
  return z.union([one.transform((alone) => [alone]), z.array(one).min(1)]);
}

/** One of these words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  const before = words.slice(0, -1).join(', ');
  const expected = before === '' ? words[0] : `${before} or ${words.at(-1)}`;
  return z.enum(words).meta({ doc: { expected, type: words.map((word) => `\`${word}\``).join(', ') } });
}

/** Of a file or folder. */
export function path(expected: string) {
  return z
    .string()
    .min(1)
    .meta({ doc: { expected, type: 'path' } });
}

export const port = z
  .int()
  .min(1)
  .max(65_535)
  .transform((value) => value as Port)
  .meta({
    doc: {
      expected: 'a port from 1 to 65535',
      type: 'port',
      bounds: { min: '1', max: '65535' },
      ends: 'refused outside; 0 is no port',
    },
  });

/** For editors: what no host has. */
export const NAME = /^[^\s/?#=@]+$/;

export const host = parsedBy(z.string(), parseHost).meta({
  pattern: NAME.source,
  doc: { expected: 'a host name or an IP address', type: 'host name or IP address' },
});

/** Routes and allowed hosts apply to every port of the gateway. */
function parseAllowedHost(text: string): ParseResult<string> {
  const port = /^(\[.*\]|[^:]*):\d*$/.exec(text);
  return port ? refused(`without the port: ${port[1]}`) : parseHostPattern(text);
}

export const allowedHost = parsedBy(z.string(), parseAllowedHost).meta({
  pattern: NAME.source,
  doc: { expected: 'a host name, or *.example.com', type: 'host name, `*.example.com`' },
});

export const target = z.union([port.transform(portTarget), parsedBy(z.string(), parseTarget)]).meta({
  id: 'target',
  description:
    'Where a service listens: `3001`, `db:3001`, `[::1]:3001`, `https://images.internal`, `unix:/run/app.sock`, `srv:_http._tcp.shop.internal`.',
  doc: { expected: 'a port, host:port, http(s) URL or unix:/path', type: 'target' },
});

/** `on` and `off` are text in YAML 1.2, and so are values of variables. */
export const flag = z
  .union([
    z.boolean(),
    z.enum(['on', 'off', 'true', 'false']).transform((word) => word === 'on' || word === 'true'),
  ])
  .meta({ doc: { expected: 'true or false', type: 'true or false (on, off)' } });

/** The same, for what is a matter of on and off rather than of true and false. */
export const onOff = flag.meta({ doc: { expected: 'on or off', type: '`on`, `off`' } });

export function duration(bounds: Bounds) {
  return parsedBy(z.string(), (text) => parseDuration(text, bounds)).meta({
    pattern: DURATION_IN_ORDER.source,
    doc: {
      expected: `a duration from ${bounds.min} to ${bounds.max}`,
      type: 'duration with its unit',
      bounds,
      ends: 'refused outside',
      needsUnit: 'duration',
    },
  });
}

export function size(bounds: Bounds) {
  return parsedBy(z.string(), (text) => parseSize(text, bounds)).meta({
    pattern: SIZE_PATTERN.source,
    doc: {
      expected: `a size from ${bounds.min} to ${bounds.max}`,
      type: 'size with its unit',
      bounds,
      ends: 'refused outside',
      needsUnit: 'size',
    },
  });
}

/** Of a switch that is off. */
export const switchedOff = z.enum(['off', 'false']).or(z.literal(false));

/** A value, or one word for none. A switch that is off may be `false`, too. */
export function orWord<Schema extends z.ZodType>(word: 'off' | 'none', schema: Schema) {
  const { expected, type, ...doc } = docOf(schema);
  const none = word === 'off' ? switchedOff : z.literal(word);
  return z.union([none.transform(() => null), schema]).meta({
    doc: { ...doc, expected: `${word}, or ${expected}`, type: `\`${word}\`, ${type}` },
  });
}

/** A share; its value is from 0 to 1. */
export function percent(bounds: Bounds) {
  return parsedBy(z.string(), (text) => parsePercent(text, bounds)).meta({
    // Up to 100%: of the bounds that there are, none is lower.
    pattern: /^0*(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%$/.source,
    doc: {
      expected: `a share from ${bounds.min} to ${bounds.max}`,
      type: 'percent',
      bounds,
      ends: 'refused outside',
      needsUnit: 'percent',
    },
  });
}

export function count(min: number, max: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({
      doc: {
        expected: `a number from ${min} to ${max}`,
        type: 'number',
        bounds: { min: String(min), max: String(max) },
        ends: 'refused outside',
      },
    });
}

export const addressBlock = parsedBy(z.string(), parseAddressBlock).meta({
  pattern: /^(?:loopback|private|[\d.]+(?:\/\d+)?|[\da-fA-F.]*:[\da-fA-F:.]*(?:\/\d+)?)$/.source,
  doc: {
    expected: 'an IP address, a CIDR block, loopback or private',
    type: 'IP address, CIDR block, `loopback`, `private`',
  },
});

/** Text where the file may have a number: `VERSION: 2`. */
export const text = z
  .union([z.string(), z.int().transform(String), z.boolean().transform(String)])
  .meta({ doc: { expected: 'a text', type: 'text' } });
