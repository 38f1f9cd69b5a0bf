/** The part of the schema that sets, adds and removes header fields. */

import { z } from 'zod';
import { type Parsed, refused } from '../keys/parsed.ts';
import { described, parsedBy, text } from '../keys/value.ts';
import type { FieldRules, HeadersConfig } from '../model/config.ts';
import { parseHeaderName, parseHeaderValue } from './condition.ts';

/** What the gateway writes itself, or what belongs to one connection, and what to use instead. */
const NOT_HERE: readonly (readonly [names: RegExp, hint: string])[] = [
  [/^host$/, '"hostHeader: rewrite" gives the service a Host of its own'],
  [/^(x-forwarded-.*|forwarded|x-real-ip)$/, 'the gateway writes it; whose word it takes says "trustProxy:"'],
  [/^via$/, 'the gateway writes it, so that loops are found (RFC 9110 §7.6.3)'],
  [/^x-request-id$/, 'the gateway writes it: answers and log lines carry the same one'],
  [/^strict-transport-security$/, 'it stands below "tls:", as "hsts: on"'],
  [
    /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|content-length|expect|proxy-authorization|http2-settings)$/,
    'it says how one connection is used, or where a message ends: the gateway decides that',
  ],
];

function parseFieldName(name: string): Parsed<string> {
  const parsed = parseHeaderName(name);
  if (!parsed.ok) return parsed;
  // With underscores, CGI and its kin take it for the same field.
  const lower = name.toLowerCase().replaceAll('_', '-');
  const found = NOT_HERE.find(([names]) => names.test(lower));
  return found === undefined ? parsed : refused(found[1], 'a field that rules may change');
}

const fieldName = parsedBy(z.string(), parseFieldName).meta({
  doc: { expected: 'a field name', type: 'field name' },
});
const fieldValue = parsedBy(text, parseHeaderValue).meta({ doc: { expected: 'a text', type: 'text' } });
const fieldValues = z
  .union([fieldValue.transform((one) => [one]), z.array(fieldValue)])
  .meta({ doc: { expected: 'a text, or a list of them', type: 'text, or a list of them' } });

const namesToValues = {
  expected: 'a map of field names to text',
  type: 'map of field names to text',
  defaultText: 'none',
};

export const fieldRulesForm = z
  .strictObject({
    set: described(z.record(fieldName, fieldValue), 'Written in place of whatever was there.', {
      ...namesToValues,
      also: ['proxysetheader', 'replace', 'customrequestheaders', 'customresponseheaders'],
    }).optional(),
    add: described(
      z.record(fieldName, fieldValues),
      'Written beside what is there; a list is several fields.',
      {
        ...namesToValues,
        also: ['addheader', 'append'],
      },
    ).optional(),
    remove: described(
      z.union([fieldName.transform((one) => [one]), z.array(fieldName)]),
      'Taken out, in any spelling.',
      {
        expected: 'a field name, or a list of them',
        type: 'field name, or a list of them',
        defaultText: 'none',
        also: ['delete', 'del', 'hide', 'unset', 'proxyhideheader'],
      },
    ).optional(),
  })
  .meta({
    id: 'fieldRules',
    doc: {
      expected: 'a map with set, add, remove',
      type: 'map, see [rules](#rules)',
      holder: 'header rules',
    },
  });

const rules = { defaultText: 'none' };

export const headersForm = z
  .strictObject({
    request: described(fieldRulesForm, 'Of what the service receives, WebSocket handshakes included.', {
      ...rules,
      also: ['requestheaders', 'up', 'headerup'],
    }).optional(),
    answer: described(fieldRulesForm, "Of what the client receives, the gateway's own errors included.", {
      ...rules,
      also: ['response', 'responseheaders', 'down', 'headerdown', 'reply'],
    }).optional(),
  })
  .meta({
    id: 'headers',
    doc: { expected: 'a map with request, answer', type: 'map, see [headers](#headers)', holder: 'headers' },
  });

type CheckedHeaders = z.output<typeof headersForm>;

export const NO_HEADERS: HeadersConfig = { request: [], answer: [] };

/** A route's rules come after those of the top level. */
export function compileHeaders(written: CheckedHeaders | undefined, base: HeadersConfig): HeadersConfig {
  if (written === undefined) return base;
  return {
    request: [...base.request, ...compileRules(written.request)],
    answer: [...base.answer, ...compileRules(written.answer)],
  };
}

function compileRules(written: z.output<typeof fieldRulesForm> | undefined): FieldRules[] {
  if (written === undefined) return [];
  const { set = {}, add = {}, remove = [] } = written;
  return [
    {
      remove: remove.map((name) => name.toLowerCase().replaceAll('_', '-')),
      set: Object.entries(set).flat(),
      add: Object.entries(add).flatMap(([name, values]) => values.flatMap((value) => [name, value])),
    },
  ];
}
