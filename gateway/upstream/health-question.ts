import type { IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { CATALOG, type GatewayError } from '../exchange/error-catalog.ts';
import { http } from '../exchange/node-http.ts';
import { rescue } from '../exchange/rescue.ts';
import type { DialAddress, HealthConfig } from '../model/config.ts';
import { connect } from '../wire/connect.ts';
import { authorityOf, schemeOf } from './authority.ts';
import { requestHead } from './h2/request-head.ts';
import { reasonOf } from './probe.ts';

/** The result of one check. */
export type Finding =
  | { readonly kind: 'well' }
  /** `GET /healthz 503`. `reached`: something accepted a connection. */
  | { readonly kind: 'ill'; readonly problem: string; readonly reached: boolean }
  /** This machine had no descriptor or port for the check, which says nothing about the service. */
  | { readonly kind: 'unasked' };

/**
 * Asks an endpoint once how it is, on a connection of its own: one from the pool would wait behind a hung service's exchanges, and would not show
 * that new connections are refused.
 *
 * @param done called once.
 * @returns gives the question up; `done` is not called any more.
 */
export function askHealth(
  address: DialAddress,
  config: HealthConfig,
  done: (finding: Finding) => void,
): () => void {
  return config.kind === 'tcp'
    ? askTcp(address, config, done)
    : new HttpQuestion(address, config, done).start();
}

function askTcp(address: DialAddress, config: HealthConfig, done: (finding: Finding) => void): () => void {
  return connect(address, config.timeoutMs, (error, socket) => {
    socket?.destroy();
    done(error ? unreached(address, error) : WELL);
  });
}

function unreached(address: DialAddress, error: GatewayError): Finding {
  if (NOT_ASKED.has(error.code)) return { kind: 'unasked' };
  return { kind: 'ill', problem: reasonOf(address, error), reached: false };
}

/** Codes of `exchange/rescue.ts` for a machine without descriptors, ports or memory. */
const NOT_ASKED: ReadonlySet<string> = new Set(['no_endpoint', 'out_of_descriptors']);

const WELL: Finding = { kind: 'well' };

class HttpQuestion {
  readonly #address: DialAddress;
  readonly #config: Extract<HealthConfig, { kind: 'http' }>;
  readonly #done: (finding: Finding) => void;
  #cancel: () => void = () => {};
  /** By when connection and answer must be there. */
  #deadline = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    address: DialAddress,
    config: Extract<HealthConfig, { kind: 'http' }>,
    done: (finding: Finding) => void,
  ) {
    this.#address = address;
    this.#config = config;
    this.#done = done;
  }

  start(): () => void {
    const { timeoutMs } = this.#config;
    this.#deadline = performance.now() + timeoutMs;
    this.#cancel = connect(this.#address, timeoutMs, (error, socket) => {
      if (socket) this.#ask(socket);
      else this.#settle(unreached(this.#address, error!));
    });
    return () => this.#stop();
  }

  #ask(socket: Socket): void {
    const { path } = this.#config;
    const leftMs = Math.max(0, this.#deadline - performance.now());
    // Bytes that arrived while this process was busy are read before the answer counts as late.
    this.#timer = setTimeout(() => setImmediate(() => this.#late()), leftMs).unref();
    if (this.#address.kind === 'tcp' && this.#address.http2) return this.#askByHttp2(socket);
    const request = http.request({
      createConnection: () => socket,
      path,
      headers: ['Host', authorityOf(this.#address), 'User-Agent', 'portway-health', 'Connection', 'close'],
      setHost: false,
      maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
    });
    this.#cancel = () => request.on('error', () => {}).destroy();
    request.on('response', (answer) => this.#answered(answer));
    request.on('upgrade', (_answer, upgraded) => {
      upgraded.destroy();
      this.#settle(this.#ill('answered with an upgrade'));
    });
    request.on('error', (cause) => this.#settle(this.#broken(cause)));
    request.end();
  }

  #askByHttp2(socket: Socket): void {
    const session = http2.connect('http://service', { createConnection: () => socket });
    const { path: target } = this.#config;
    const scheme = schemeOf(this.#address);
    const fields = ['Host', authorityOf(this.#address), 'User-Agent', 'portway-health'];
    const end = () => session.destroy();
    this.#cancel = end;
    session.on('error', (cause) => this.#settle(this.#broken(cause)));
    const stream = session.request(requestHead({ method: 'GET', target, fields, body: null }, scheme));
    stream
      .on('response', (headers) => {
        this.#assess(Number(headers[':status']));
        // Its body is of no interest.
        session.close();
        stream.close(http2.constants.NGHTTP2_NO_ERROR);
      })
      .on('error', () => {})
      .on('close', () => {
        this.#settle(this.#ill('was not answered'));
        end();
      });
  }

  #answered(answer: IncomingMessage): void {
    leaveInPeace(answer, this.#config.timeoutMs);
    this.#cancel = () => answer.destroy();
    this.#assess(answer.statusCode ?? 0);
  }

  #assess(status: number): void {
    const well = this.#config.statuses.some(([from, to]) => status >= from && status <= to);
    this.#settle(well ? WELL : this.#ill(String(status)));
  }

  #broken(cause: unknown): Finding {
    const { title } = CATALOG[rescue(cause, 'head').code];
    return this.#ill(title.toLowerCase());
  }

  #late(): void {
    if (this.#over) return;
    this.#cancel();
    this.#settle(this.#ill(`not answered within ${this.#config.timeoutMs} ms`));
  }

  #ill(what: string): Finding {
    return { kind: 'ill', problem: `GET ${this.#config.path} ${what}`, reached: true };
  }

  #settle(finding: Finding): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#done(finding);
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#cancel();
  }
}

const ANSWER_HEAD_MAX_BYTES = 16 * 1024;

/** A body is let flow to its end, so that no service logs a reset for each check; one without end is cut off. */
function leaveInPeace(answer: IncomingMessage, withinMs: number): void {
  let bytes = 0;
  const cut = () => answer.destroy();
  const timer = setTimeout(cut, withinMs).unref();
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) cut();
  });
  answer.on('close', () => clearTimeout(timer)).on('error', () => {});
}

const BODY_MAX_BYTES = 64 * 1024;
