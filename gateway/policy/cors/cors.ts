import type { Fields } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { LocalAnswer, RoutedExchange, RoutedHead } from '../../fields/exchange.ts';
import { FieldNames } from '../../fields/field-names.ts';
import { isPublicOrigin } from '../../fields/forwarded.ts';
import { TOKEN } from '../../keys/field.ts';
import { type AskedRequest, type BoundPolicy, type Foreseen, policyWithKey } from '../policy.ts';
import { type CorsSettings, corsForm, corsRow } from './keys.ts';
import { AllowedOrigins } from './origins.ts';

export const cors = policyWithKey('cors', {
  does: 'Preflights of pages of other origins are answered here, and answers say who may read them, as `cors` says.',
  row: corsRow,
  forms: { cors: corsForm },
  shown: (settings) => settings,
  bind: (settings) => settings && new Cors(settings).bound,
});

/** The CORS protocol of the Fetch standard, on a route. */
class Cors {
  readonly #settings: CorsSettings;
  readonly #origins: AllowedOrigins;
  readonly #everybody: boolean;

  constructor(settings: CorsSettings) {
    this.#settings = settings;
    this.#origins = new AllowedOrigins(settings.origins);
    this.#everybody = this.#origins.any;
  }

  get bound(): BoundPolicy {
    const withOwn = (fields: Fields, exchange: RoutedHead) => this.#withOwnFields(fields, exchange);
    return {
      request: (exchange) => this.#request(exchange),
      toClient: {
        edit: withOwn,
        dependsOn: this.#everybody ? null : (exchange) => this.#namedOrigin(exchange) ?? '',
      },
      ownAnswer: withOwn,
      foresee: (asked) => this.#foresee(asked),
    };
  }

  /** @throws GatewayError `origin_refused` */
  #request(exchange: RoutedExchange): LocalAnswer | null {
    const { kept, pageOrigin: origin } = exchange.facts;
    if (origin === null) return null;
    const asked =
      exchange.downstream.method === 'OPTIONS' ? firstValue(kept, 'access-control-request-method') : null;
    if (asked === null && !opensWebSocket(kept)) return null;
    if (!this.#includes(origin, exchange)) throw new GatewayError('origin_refused', refusalOf(origin));
    return asked === null ? null : { status: 204, fields: this.#preflightFields(kept, asked) };
  }

  /** The gateway's own origin is never a foreign one. */
  #includes(origin: string, exchange: RoutedHead): boolean {
    if (this.#origins.includes(origin)) return true;
    const [, scheme, authority] = /^([a-z]+):\/\/(.+)$/.exec(origin) ?? [];
    return (
      scheme !== undefined && authority !== undefined && isPublicOrigin(scheme, authority, exchange.origin)
    );
  }

  /** Fields of preflights beyond those of every answer. */
  #preflightFields(kept: Fields, method: string): Fields {
    const { methods, headers, maxAgeS, privateNetwork } = this.#settings;
    const fields = ['Access-Control-Allow-Methods', methods ?? (TOKEN.test(method) ? method : 'GET')];
    const asked = firstValue(kept, 'access-control-request-headers');
    const allowed = headers ?? (asked !== null && NAMES.test(asked) ? asked : null);
    if (allowed !== null) fields.push('Access-Control-Allow-Headers', allowed);
    if (maxAgeS !== null) fields.push('Access-Control-Max-Age', String(maxAgeS));
    if (privateNetwork && firstValue(kept, 'access-control-request-private-network') === 'true')
      fields.push('Access-Control-Allow-Private-Network', 'true');
    fields.push('Vary', 'Access-Control-Request-Method, Access-Control-Request-Headers');
    return fields;
  }

  /** Replaces the service's own CORS fields. An answer that depends on the origin says so, even to requests without one. */
  #withOwnFields(fields: Fields, exchange: RoutedHead): Fields {
    const { credentials, expose } = this.#settings;
    const out: string[] = [];
    let varies = false;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      if (SAID_HERE.has(name)) continue;
      if (name.length === VARY.length && name.toLowerCase() === VARY)
        varies ||= ORIGIN_AMONG.test(fields[i + 1]!);
      out.push(name, fields[i + 1]!);
    }
    if (!this.#everybody && !varies) out.push('Vary', 'Origin');
    const origin = this.#namedOrigin(exchange);
    if (origin === null) return out;
    out.push('Access-Control-Allow-Origin', origin);
    if (credentials) out.push('Access-Control-Allow-Credentials', 'true');
    if (expose !== null) out.push('Access-Control-Expose-Headers', expose);
    return out;
  }

  /** The origin that the answer lets read it; `null`: none but its own. */
  #namedOrigin({ facts }: RoutedHead): string | null {
    if (this.#everybody) return '*';
    const { pageOrigin: origin } = facts;
    return origin !== null && this.#origins.includes(origin) ? origin : null;
  }

  #foresee(asked: AskedRequest): Foreseen | null {
    const { kept, pageOrigin: origin } = asked.facts;
    if (origin === null) return null;
    const preflight =
      asked.method === 'OPTIONS' && firstValue(kept, 'access-control-request-method') !== null;
    const may = this.#includes(origin, asked);
    if (preflight)
      return may ? { status: 204, says: `${origin} may ask` } : { status: 403, says: refusalOf(origin) };
    if (!may && opensWebSocket(kept)) return { status: 403, says: refusalOf(origin) };
    return { status: null, says: may ? `pages of ${origin} may read the answer` : refusalOf(origin) };
  }
}

function refusalOf(origin: string): string {
  return `${origin} is none of the origins of cors`;
}

/** No service agrees without the key; over HTTP/2 the gateway itself makes it. */
function opensWebSocket(kept: Fields): boolean {
  return firstValue(kept, 'sec-websocket-key') !== null;
}

/** The first field of that name. */
function firstValue(fields: Fields, lowerName: string): string | null {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return fields[i + 1]!;
  }
  return null;
}

/** Names of fields, as a browser lists them. */
const NAMES = /^[!#$%&'*+\-.^_`|~\w, ]{1,1024}$/;

/** CORS fields of services, which are replaced: on an answer that is no preflight, only these have a meaning. */
const SAID_HERE = new FieldNames([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
]);
const VARY = 'vary';
const ORIGIN_AMONG = /(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i;
