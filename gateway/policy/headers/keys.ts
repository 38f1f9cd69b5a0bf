/** `headers:` of a route or of the top level. */

import { z } from 'zod';
import { isHopByHop, isHopByHopAnswer } from '../../fields/connection.ts';
import { isForwardingField } from '../../fields/forwarded.ts';
import { parseFieldText, parseHeaderName, repeatedNames, TOKEN } from '../../keys/field.ts';
import { inherited } from '../../keys/inherited.ts';
import { type ParseResult, refused } from '../../keys/parse-result.ts';
import { described, form, oneOrMore, orWord, parsedBy, text } from '../../keys/value.ts';
import { after, type FieldRules, NO_RULES } from './rules.ts';

export interface HeaderRules {
  readonly request: FieldRules;
  readonly answer: FieldRules;
}

const name = parsedBy(z.string(), parseName, { expected: 'a header name', pattern: TOKEN });
const value = parsedBy(text, parseValue, { expected: 'a value' });

function fieldsOf<One extends z.ZodType>(one: One) {
  return z.record(name, one).check(({ value: map, issues }) => {
    for (const [again, first] of repeatedNames(Object.keys(map))) {
      const params = { atKey: true, expected: 'every header once', hint: `${first} is the same header` };
      issues.push({ code: 'custom', input: map, path: [again], params });
    }
  });
}

/** Names and values of fields, none of them one that the gateway answers for. */
export const headerValues = fieldsOf(value);

export const rulesForm = form('headerRules', 'header rules', {
  set: described(
    headerValues,
    'Fields with this value, in place of whatever fields of that name there are.',
    {
      expected: 'a map of header names to values',
      type: 'map of names to text',
      also: 'overwrite replace',
    },
  ).optional(),
  add: described(
    fieldsOf(oneOrMore(value)),
    'Fields that are added to those of that name; a list is several.',
    {
      expected: 'a map of header names to values',
      type: 'map of names to text, or a list',
      also: 'append',
    },
  ).optional(),
  remove: described(oneOrMore(name), 'Names of fields that go. Before `set` and `add` are applied.', {
    expected: 'a header name, or a list of them',
    type: 'name or list of names',
    also: 'delete unset',
  }).optional(),
});

const rulesDoc = { type: 'map, see [header rules](#header-rules)', expected: 'a map with set, add, remove' };

export const headersForm = form('headers', 'headers', {
  request: described(rulesForm, 'What is done to the fields that the service gets.', {
    ...rulesDoc,
    also: 'requestheaders proxysetheader headerup',
  }).optional(),
  answer: described(rulesForm, 'What is done to the fields that the client gets.', {
    ...rulesDoc,
    also: 'response responseheaders headerdown',
  }).optional(),
});

const headersValue = orWord('off', headersForm).meta({
  doc: { expected: 'off, or a map with request, answer', type: '`off`, or a map, see [headers](#headers)' },
});

export const headersRow = inherited('headers', headersValue, {
  compile: compileHeaders,
  top: {
    text: 'Fields that are set, added and removed on every route; its own rules come after these.',
    default: 'off',
  },
  route: {
    text: 'Fields that are set, added and removed, of requests and of answers ([headers.md](headers.md)). `off` takes away what the top level says.',
    also: 'addheader setheader proxysetheader proxyhideheader customheaders removeheader moresetheaders customrequestheaders header httprequest httpresponse',
  },
});

type WrittenRules = z.output<typeof rulesForm> | undefined;

/** `null`: nothing is inherited. */
function compileHeaders(
  written: z.output<typeof headersValue>,
  base: HeaderRules | null,
): HeaderRules | null {
  if (written === null) return null;
  const { request, answer } = base ?? { request: NO_RULES, answer: NO_RULES };
  return {
    request: after(request, compileRules(written.request)),
    answer: after(answer, compileRules(written.answer)),
  };
}

function compileRules({ set = {}, add = {}, remove = [] }: NonNullable<WrittenRules> = {}): FieldRules {
  const added = Object.entries(add).flatMap(([field, values]) => values.flatMap((one) => [field, one]));
  return {
    drop: [...new Set([...remove, ...Object.keys(set)].map((field) => field.toLowerCase()))],
    append: [...Object.entries(set).flat(), ...added],
  };
}

function parseName(field: string): ParseResult<string> {
  const hint = notForRules(field.toLowerCase().replaceAll('_', '-'));
  return hint === null
    ? parseHeaderName(field)
    : refused(hint, 'a field that a rule may change', `"${field}"`);
}

/** For fields that the gateway sets itself: what to use in place of a rule; `null`: another field. */
function notForRules(lower: string): string | null {
  if (lower === 'host') return 'which Host the service sees says "hostHeader: rewrite" or "keep"';
  if (FRAMING.has(lower)) return 'how long a message is, and how it is sent, only the gateway knows';
  if (isForwardingField(lower) || lower === 'via')
    return 'the gateway writes it from what it knows; whose word it takes says "trustProxy:"';
  if (lower === 'x-request-id' || lower === 'traceparent')
    return 'the gateway makes it, or takes it from who is named in "trustProxy:"';
  if (lower.startsWith('sec-websocket-')) return 'it belongs to the handshake of a WebSocket';
  if (isHopByHop(lower) || isHopByHopAnswer(lower))
    return 'it concerns one connection alone, and no service and no client gets it (RFC 9110 §7.6.1)';
  return null;
}

const FRAMING: ReadonlySet<string> = new Set(
  'content-length transfer-encoding trailer te expect max-forwards'.split(' '),
);

function parseValue(written: string): ParseResult<string> {
  if (/^[ \t]|[ \t]$/.test(written)) return refused('white space at its ends would be taken away on the way');
  return parseFieldText(written);
}
