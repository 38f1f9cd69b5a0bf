/** `cors:` of a route or of the top level. */

import { z } from 'zod';
import { parseHeaderName, TOKEN } from '../../keys/field.ts';
import { inherited } from '../../keys/inherited.ts';
import { accepted, refused } from '../../keys/parse-result.ts';
import { switchable } from '../../keys/section.ts';
import { described, duration, flag, oneOrMore, parsedBy } from '../../keys/value.ts';
import { type OriginPattern, parseOrigin } from './origins.ts';

/** Plain data, as the configuration keeps it. */
export interface CorsSettings {
  /** `null` among them: every origin. */
  readonly origins: readonly (OriginPattern | null)[];
  /** As the answer says them; `null`: whatever is asked for. */
  readonly methods: string | null;
  readonly headers: string | null;
  readonly expose: string | null;
  readonly credentials: boolean;
  /** `null`: as the browser has it. */
  readonly maxAgeS: number | null;
  readonly privateNetwork: boolean;
}

const origin = parsedBy(z.string(), parseOrigin).meta({
  doc: { expected: 'an origin: https://app.example.com, https://*.example.com or *' },
});
const method = parsedBy(z.string(), (text) =>
  TOKEN.test(text) ? accepted(text.toUpperCase()) : refused('letters, without spaces'),
).meta({ doc: { expected: 'a request method' } });
const header = parsedBy(z.string(), parseHeaderName).meta({ doc: { expected: 'a header name' } });

export const corsForm = z
  .strictObject({
    origins: described(
      oneOrMore(origin),
      'Whose pages may read answers: `https://app.example.com`, `https://*.example.com` for all names below it, `http://localhost:*` for any port, `*` for everybody.',
      {
        expected: 'an origin, or a list of them',
        type: 'origin or list of origins',
        defaultText: '`*`',
        also: [
          'origin',
          'alloworigin',
          'alloworigins',
          'accesscontrolalloworigin',
          'accesscontrolalloworiginlist',
        ],
      },
    ).optional(),
    methods: described(oneOrMore(method), 'Methods that such pages may use.', {
      expected: 'a method, or a list of them',
      type: 'method or list of methods',
      defaultText: 'whatever is asked for',
      also: ['allowmethods', 'accesscontrolallowmethods'],
    }).optional(),
    headers: described(oneOrMore(header), 'Fields that such pages may send beside the plain ones.', {
      expected: 'a header name, or a list of them',
      type: 'name or list of names',
      defaultText: 'whatever is asked for',
      also: ['allowheaders', 'accesscontrolallowheaders'],
    }).optional(),
    expose: described(
      oneOrMore(header),
      'Fields of answers that such pages may read beside the plain ones.',
      {
        expected: 'a header name, or a list of them',
        type: 'name or list of names',
        defaultText: 'none',
        also: ['exposeheaders', 'exposedheaders', 'accesscontrolexposeheaders'],
      },
    ).optional(),
    credentials: described(
      flag,
      'Whether such pages may ask with cookies and logins of the visitor. Not with `*`.',
      {
        default: 'false',
        also: ['allowcredentials', 'accesscontrolallowcredentials'],
      },
    ).optional(),
    maxAge: described(
      duration({ min: '1s', max: '1d' }),
      'How long a browser remembers the answer to a preflight; most take two hours at most.',
      { defaultText: "the browser's: 5 s", also: ['accesscontrolmaxage'] },
    ).optional(),
    privateNetwork: described(
      flag,
      'Whether pages of public sites may ask, where the gateway is on a private network (Private Network Access).',
      { default: 'false', also: ['allowprivatenetwork'] },
    ).optional(),
  })
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

export const corsRow = inherited<typeof corsValue, 'cors', CorsSettings | null>({
  schema: corsValue,
  name: 'cors',
  own: null,
  compile: (written, base) => (written === undefined ? base : written && compileCors(written)),
  top: { default: 'off' },
  route: {
    text: 'Whether pages of other origins may read the answers, and which ([policies.md](policies.md#cors)). `on` is every origin, without cookies.',
    also: ['crossorigin', 'enablecors'],
  },
});

type Written = Partial<z.output<typeof corsForm>>;

function compileCors({
  origins,
  methods,
  headers,
  expose,
  credentials,
  maxAge,
  privateNetwork,
}: Written): CorsSettings {
  return {
    origins: origins ?? [null],
    methods: methods?.join(', ') ?? null,
    headers: headers?.join(', ') ?? null,
    expose: expose?.join(', ') ?? null,
    credentials: credentials ?? false,
    maxAgeS: maxAge === undefined ? null : Math.floor(maxAge / 1000),
    privateNetwork: privateNetwork ?? false,
  };
}
