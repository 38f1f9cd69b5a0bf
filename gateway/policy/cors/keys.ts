/** `cors:` of a route or of the top level. */

import { z } from 'zod';
import { parseHeaderName, TOKEN } from '../../keys/field.ts';
import { inherited } from '../../keys/inherited.ts';
import { accepted, refused } from '../../keys/parse-result.ts';
import { row, section, switchable } from '../../keys/section.ts';
import { duration, flag, oneOrMore, parsedBy } from '../../keys/value.ts';
import { type OriginPattern, parseOrigin } from './origins.ts';

/** Plain data, as the configuration keeps it. */
export interface CorsSettings {
  /** `null` among them: every origin. */
  readonly origins: readonly (OriginPattern | null)[];
  /** The value for the answer; `null`: the requested one. */
  readonly methods: string | null;
  readonly headers: string | null;
  readonly expose: string | null;
  readonly credentials: boolean;
  /** `null`: as the browser has it. */
  readonly maxAgeS: number | null;
  readonly privateNetwork: boolean;
}

const origin = parsedBy(z.string(), parseOrigin, {
  expected: 'an origin: https://app.example.com, https://*.example.com or *',
});
const method = parsedBy(
  z.string(),
  (text) =>
    TOKEN.test(text)
      ? accepted(text.toUpperCase())
      : refused(/[,\s]/.test(text) ? 'several methods are a list: [GET, HEAD]' : 'letters, without spaces'),
  { expected: 'a request method', pattern: TOKEN },
);
const header = parsedBy(z.string(), parseHeaderName, { expected: 'a header name', pattern: TOKEN });

const rows = section({
  origins: row(
    oneOrMore(origin),
    'Whose pages may read answers: `https://app.example.com`, `https://*.example.com` for all names below it, `http://localhost:*` for any port, `*` for everybody.',
    {
      expected: 'an origin, or a list of them',
      type: 'origin or list of origins',
      defaultText: '`*`',
      also: 'origin alloworigin alloworigins allowedorigins accesscontrolalloworigin accesscontrolalloworiginlist',
    },
  ),
  methods: row(oneOrMore(method), 'Methods that such pages may use.', {
    expected: 'a method, or a list of them',
    type: 'method or list of methods',
    defaultText: 'whatever is asked for',
    also: 'allowmethods allowedmethods accesscontrolallowmethods',
  }),
  headers: row(oneOrMore(header), 'Fields that such pages may send beside the plain ones.', {
    expected: 'a header name, or a list of them',
    type: 'name or list of names',
    defaultText: 'whatever is asked for',
    also: 'allowheaders allowedheaders accesscontrolallowheaders',
  }),
  expose: row(oneOrMore(header), 'Fields of answers that such pages may read beside the plain ones.', {
    expected: 'a header name, or a list of them',
    type: 'name or list of names',
    also: 'exposeheaders exposedheaders accesscontrolexposeheaders',
  }),
  credentials: row(flag, 'Whether such pages may ask with cookies and logins of the visitor. Not with `*`.', {
    default: 'false',
    also: 'allowcredentials accesscontrolallowcredentials',
  }),
  maxAge: row(
    duration({ min: '1s', max: '1d' }),
    'How long a browser remembers the answer to a preflight; most take two hours at most.',
    { as: 'maxAgeMs', defaultText: "the browser's: 5 s", also: 'accesscontrolmaxage' },
  ),
  privateNetwork: row(
    flag,
    'Whether pages of public sites may ask, where the gateway is on a private network (Private Network Access).',
    { default: 'false', also: 'allowprivatenetwork' },
  ),
});

export const corsForm = z
  .strictObject(rows.shape)
  .check(({ value, issues }) => {
    if (value.credentials !== true || value.origins?.includes(null) === false) return;
    const params = {
      expected: 'the origins that may use them',
      found: `credentials for ${value.origins === undefined ? 'every origin' : '"*"'}`,
      hint: 'any page on the internet could act in the name of the visitor: name origins, https://*.example.com for many',
    };
    issues.push({ code: 'custom', input: value, path: ['credentials'], params });
  })
  .meta({
    id: 'cors',
    doc: {
      expected: 'a map with origins, methods, headers, expose, credentials, maxAge, privateNetwork',
      holder: 'cors',
    },
  });

const corsValue = switchable(corsForm, 'cors');

export const corsRow = inherited('cors', corsValue, {
  compile: (written): CorsSettings | null => written && compileCors(written),
  top: { default: 'off' },
  route: {
    text: 'Whether pages of other origins may read the answers, and which ([policies.md](policies.md#cors)). `on` is every origin, without cookies.',
    also: 'crossorigin enablecors',
  },
});

type Written = Partial<z.output<typeof corsForm>>;

function compileCors(written: Written): CorsSettings {
  const { origins, methods, headers, expose, maxAgeMs, ...rest } = rows.compile(written);
  return {
    origins: origins ?? [null],
    methods: methods?.join(', ') ?? null,
    headers: headers?.join(', ') ?? null,
    expose: expose?.join(', ') ?? null,
    maxAgeS: maxAgeMs === null ? null : Math.floor(maxAgeMs / 1000),
    ...rest,
  };
}
