import { get } from '../../testing/http-client.ts';

/** A row of the table about clients: bytes, and what must become of them. */
export interface HostileRequest {
  readonly name: string;
  /** As latin-1; several: each in a write of its own. */
  readonly sent: readonly string[];
  /** Statuses of the answers in their order, errors of the gateway with their code: `400 bad_request`. 1xx are left out. */
  readonly answers: readonly string[];
  /** What becomes of the client's connection. `open`: the next request on it is answered as if nothing had been. */
  readonly end: 'open' | 'closed';
  /** What the service sees, byte for byte, in the form of `arrives`. */
  readonly forwarded: readonly string[];
  /** What it may see the beginning of, and never the end. */
  readonly mayBegin?: string;
  /** The client ends its direction when it has sent everything. */
  readonly fin?: true;
  /** What differs in the wire lane. */
  readonly throughWire?: Partial<Outcome>;
}

type Outcome = Pick<HostileRequest, 'answers' | 'end' | 'forwarded' | 'mayBegin'>;

/** A request that must not be served, behind bytes whose end is in doubt. */
export const smuggled = get('/db/smuggled');

/** Bytes whose end is in doubt: they are answered once, nothing of them or behind them reaches a service, the connection is closed. */
export function refused(name: string, sent: string, answer = '400 bad_request'): HostileRequest {
  return { name, sent: [sent + smuggled], answers: [answer], end: 'closed', forwarded: [] };
}

/** A request that is wrong in a way that leaves its end clear. What is wrong about whom it is for, or where, ends the connection all the same. */
export function turnedDown(name: string, sent: string, answer: string): HostileRequest {
  return {
    name,
    sent: [sent],
    answers: [answer],
    end: /bad_host|body_too_large/.test(answer) ? 'closed' : 'open',
    forwarded: [],
  };
}

/** A request that is odd and right: it arrives, as these bytes. */
export function carried(
  name: string,
  sent: string | readonly string[],
  ...forwarded: string[]
): HostileRequest {
  const answers = forwarded.map(() => '200');
  return { name, sent: typeof sent === 'string' ? [sent] : sent, answers, end: 'open', forwarded };
}

/** The same, and the connection is closed behind it. */
export function carriedLast(name: string, sent: string, ...forwarded: string[]): HostileRequest {
  return { ...carried(name, sent, ...forwarded), end: 'closed' };
}

/** A body that goes wrong behind a good head: the service may have seen its beginning, never an end. */
export function brokenOff(
  name: string,
  sent: string,
  begun: string,
  answer = '400 bad_request',
): HostileRequest {
  return { ...refused(name, sent, answer), mayBegin: begun };
}

export interface Arriving {
  readonly host?: string;
  /** The prefix that was taken off; default `/db`. */
  readonly prefix?: string;
  /** Version that the client spoke, for `Via`; default 1.1. */
  readonly version?: string;
  /** A body with a length. */
  readonly body?: string;
  /** A body in chunks, however it is cut into them. */
  readonly chunks?: string;
  /** The gateway's fields where it believes the peer, in place of its own. */
  readonly own?: readonly string[];
}

/**
 * A request as the service must get it: `arrives('GET /x', ['X-A: 1'])`. What is the gateway's own is in a form that can be compared: `Host`
 * stands first, in this case; identifiers are `~`; the fields of the connection to the service are left out; the framing stands last, and
 * chunks are joined.
 */
export function arrives(line: string, fields: readonly string[] = [], more: Arriving = {}): string {
  const { host = 'gateway.test', prefix = '/db', version = '1.1' } = more;
  const own = more.own ?? forwardedFields(host, prefix);
  const named = [`Via: ${version} portway-~`, 'X-Request-Id: ~', 'Traceparent: ~'];
  const head = [`${line} HTTP/1.1`, `Host: ${host}`, ...fields, ...own, ...named, ...framing(more)];
  return `${head.join('\r\n')}\r\n\r\n${more.body ?? more.chunks ?? ''}`;
}

function framing({ body, chunks }: Arriving): string[] {
  if (chunks) return ['Transfer-Encoding: chunked'];
  return body === undefined ? [] : [`Content-Length: ${body.length}`];
}

function forwardedFields(host: string, prefix: string): string[] {
  return [
    'X-Forwarded-For: 127.0.0.1',
    `X-Forwarded-Host: ${host}`,
    'X-Forwarded-Proto: http',
    `X-Forwarded-Port: ${/:(\d+)$/.exec(host)?.[1] ?? 80}`,
    ...(prefix === '' ? [] : [`X-Forwarded-Prefix: ${prefix}`]),
    'X-Real-IP: 127.0.0.1',
    `Forwarded: for=127.0.0.1;host="${host}";proto=http`,
  ];
}
