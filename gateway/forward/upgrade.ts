import type { IncomingMessage, InformationEvent } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { http } from '../exchange/node-http.ts';
import type { Pace } from '../exchange/paced.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import { rescue } from '../exchange/rescue.ts';
import type { RetriesConfig, TimeoutsConfig } from '../model/config.ts';
import type { Choice } from '../upstream/choice.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { Holds } from '../upstream/hold.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { INFORMATIONAL_MAX, withoutLength } from './answer-framing.ts';
import { Attempts } from './attempts.ts';
import { withStickyCookie } from './client-fields.ts';
import { EarlyBytes } from './early-bytes.ts';
import { closeGently } from './gentle-close.ts';
import { WebSocketTap } from './messages/websocket-tap.ts';
import { Splice, type SpliceWatcher } from './splice.ts';

export interface TunnelPlan {
  readonly upstream: Upstream;
  /** Inputs for choosing the endpoint. */
  readonly choice: Choice;
  readonly stickyCookie: ((endpoint: Endpoint) => string | null) | null;
  readonly method: string;
  /** `null`: as fast as the sides take it. */
  readonly pace: Pace | null;
  readonly target: string;
  readonly timeouts: TimeoutsConfig;
  readonly retries: RetriesConfig;
  readonly memory: BulkMemory;
  /** Where handshakes wait whose service does not listen yet. */
  readonly holds: Holds;
  /** How long, from its beginning; it may change while it waits. 0: it does not. */
  holdMs(): number;
  /** With the `Connection` and `Upgrade` of the handshake among them. */
  requestFields(endpoint: Endpoint): Fields;
  answerFields(endpoint: Endpoint, fields: Fields): Fields;
  /** Of a 1xx answer, 101 aside. */
  informationalFields(endpoint: Endpoint, fields: Fields): Fields;
}

export interface TunnelOwner {
  /** Nothing has been answered: the client's connection is theirs again, to answer with this and close. */
  failed(error: GatewayError): void;
  /** The service agreed, and the tunnel is open. */
  opened(): void;
  closed(): void;
}

/**
 * Carries an upgrade: the handshake goes to the service whole, its own answer comes back as it is, and after a 101
 * both connections are spliced. No byte of the client is acted upon before that. Frames are read only where
 * messages are inspected, and only beside their way.
 */
export class Tunnel {
  readonly #client: Socket;
  readonly #plan: TunnelPlan;
  readonly #record: ExchangeRecord;
  readonly #owner: TunnelOwner;
  readonly #early: EarlyBytes;
  readonly #attempts: Attempts;
  #cancel: () => void = () => {};
  #splice: Splice | null = null;
  #informed = 0;
  #answered = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param head bytes that the client sent after its handshake */
  constructor(client: Socket, head: Buffer, plan: TunnelPlan, record: ExchangeRecord, owner: TunnelOwner) {
    this.#client = client;
    this.#plan = plan;
    this.#record = record;
    this.#owner = owner;
    this.#attempts = new Attempts(plan.upstream, plan.choice, record);
    this.#early = new EarlyBytes(client, head, () => this.#clientLeft());
  }

  start(): void {
    this.#plan.upstream.budget.requests.add(false, this.#record.startedAt);
    this.#attempt();
  }

  /** Ends an open tunnel after flushing it; gives up one that is not open yet. */
  close(): void {
    if (this.#splice) this.#splice.close();
    else this.#fail(new GatewayError('drained', 'the route was changed, or the gateway is stopping'));
  }

  #attempt(): void {
    const endpoint = this.#begin();
    if (!endpoint) return;
    this.#cancel = endpoint.dial((error, socket) => {
      if (socket) this.#handshake(endpoint, socket);
      else this.#connectFailed(rescue(error, 'connect'));
    });
  }

  #begin(): Endpoint | null {
    try {
      return this.#attempts.begin();
    } catch (cause) {
      this.#fallBackOrFail(rescue(cause, 'connect'));
      return null;
    }
  }

  #connectFailed(error: GatewayError): void {
    this.#attempts.failed(error);
    const sent = { method: this.#plan.method, hasBody: false, bodyBegun: false, reused: false };
    if (this.#attempts.mayRetry(error, sent, this.#plan.retries)) this.#attempt();
    else if (!this.#waits(error)) this.#fallBackOrFail(error);
  }

  #fallBackOrFail(error: GatewayError): void {
    if (this.#attempts.fallsBack(error, false)) this.#attempt();
    else this.#fail(error);
  }

  /** The service may be starting. Bytes of the client are kept meanwhile, as before any tunnel opens. */
  #waits(error: GatewayError): boolean {
    const plan = this.#plan;
    const deadline = () => this.#record.startedAt + plan.holdMs();
    if (this.#attempts.fellBack) return false;
    if (error.code !== 'connection_refused' || performance.now() >= deadline()) return false;
    const done = (opened: boolean) => (opened ? this.#attempt() : this.#fallBackOrFail(error));
    const stopWaiting = plan.holds.wait(this.#attempts.endpoint, deadline, done);
    if (stopWaiting !== null) this.#cancel = stopWaiting;
    return stopWaiting !== null;
  }

  #handshake(endpoint: Endpoint, socket: Duplex): void {
    const { method, target, timeouts } = this.#plan;
    this.#record.detail?.attemptSent(false);
    const request = http.request({
      createConnection: () => socket,
      method,
      path: target,
      headers: this.#plan.requestFields(endpoint) as string[],
      setHost: false,
      maxHeaderSize: ANSWER_HEAD_MAX_BYTES,
    });
    this.#cancel = () => request.destroy();
    this.#timer = setTimeout(() => this.#late(timeouts.responseMs), timeouts.responseMs);
    request.on('upgrade', (answer, service, head) => this.#open(endpoint, answer, service, head));
    request.on('response', (answer) => this.#relay(endpoint, answer));
    request.on('information', (info) => this.#inform(endpoint, info));
    request.on('error', (cause) => this.#fail(rescue(cause, this.#answered ? 'body' : 'head')));
    request.end();
  }

  #late(ms: number): void {
    this.#fail(new GatewayError('response_timeout', `no answer to the handshake within ${ms} ms`));
  }

  #inform(endpoint: Endpoint, { statusCode, rawHeaders }: InformationEvent): void {
    // Node takes a 101 that names no protocol for one of these; to the client it would be the opening of a tunnel.
    if (statusCode === 101) return this.#fail(new GatewayError('bad_answer', 'a 101 without an Upgrade'));
    if (this.#over) return;
    if (++this.#informed > INFORMATIONAL_MAX)
      return this.#fail(
        new GatewayError('bad_answer', `more than ${INFORMATIONAL_MAX} answers of the 1xx kind`),
      );
    this.#client.write(
      headText(statusCode, '', withoutLength(this.#plan.informationalFields(endpoint, rawHeaders))),
      'latin1',
    );
  }

  #open(endpoint: Endpoint, answer: IncomingMessage, service: Duplex, head: Buffer): void {
    if (this.#over) return void service.destroy();
    // Both fields are hop-by-hop, and the very point of this answer (RFC 9110 §7.8).
    const upgrade = ['Upgrade', answer.headers.upgrade ?? 'websocket', 'Connection', 'Upgrade'];
    if (this.#isMisunderstood(answer) || !this.#head(endpoint, answer, upgrade))
      return void service.destroy();
    const tap = WebSocketTap.of(this.#record.detail?.messages ?? null, answer);
    const early = this.#early.release();
    for (const chunk of early) {
      tap?.seen(chunk, 'service');
      service.write(chunk);
    }
    tap?.seen(head, 'client');
    if (head.length > 0) this.#client.write(head);
    this.#record.bytesIn += early.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#record.bytesOut += head.length;
    this.#record.tunnel = true;
    const { timeouts, memory, pace } = this.#plan;
    const watcher: SpliceWatcher = {
      moved: (bytes, towards, buffer) => {
        memory.moved(bytes);
        tap?.seen(buffer.subarray(0, bytes), towards);
        if (towards === 'service') this.#record.bytesIn += bytes;
        else this.#record.bytesOut += bytes;
      },
      ended: (how) => {
        if (how === 'idle')
          noteError(this.#record, new GatewayError('idle_timeout', 'nothing moved in the tunnel'));
        this.#finish();
      },
    };
    const { idleMs, tunnelIdleMs } = timeouts;
    // Between the ends of a WebSocket its service has only to end, too (RFC 6455 §7.1.1); over other protocols it may be at work still.
    const endedMs = /^websocket$/i.test(upgrade[1]!) ? Math.min(idleMs, tunnelIdleMs) : tunnelIdleMs;
    this.#splice = new Splice(this.#client, service, tunnelIdleMs, watcher, pace, endedMs);
    this.#owner.opened();
  }

  /** HTTP/2 clients take each 101 for a WebSocket (RFC 8441 §5): for another protocol they get an error. */
  #isMisunderstood({ headers: { upgrade = '' } }: IncomingMessage): boolean {
    if (this.#record.protocol !== 'HTTP/2' || upgrade.toLowerCase() === 'websocket') return false;
    this.#fail(
      new GatewayError('bad_answer', `a handshake for a WebSocket was answered by 101 "${upgrade}"`),
    );
    return true;
  }

  /** A refusal, or an answer that ignores the upgrade: it reaches the client with its status, fields and body, and ends the connection. */
  #relay(endpoint: Endpoint, answer: IncomingMessage): void {
    if (this.#over) return;
    const { statusCode = 0 } = answer;
    if (statusCode < 200) return this.#fail(new GatewayError('bad_answer', `a status of ${statusCode}`));
    if (!this.#head(endpoint, answer, refusalFields(answer))) return;
    const { idleMs } = this.#plan.timeouts;
    this.#timer = setTimeout(() => this.#stalled(answer, idleMs), idleMs);
    answer.on('data', (chunk: Buffer) => {
      this.#timer?.refresh();
      this.#record.bytesOut += chunk.length;
      if (!this.#client.write(chunk)) answer.pause();
    });
    this.#client.on('drain', () => answer.resume());
    answer.on('end', () => {
      this.#finish();
      closeGently(this.#client);
    });
    answer.on('error', (cause) => this.#fail(rescue(cause, 'body')));
  }

  #stalled(answer: IncomingMessage, ms: number): void {
    const code = answer.isPaused() ? 'reader_timeout' : 'idle_timeout';
    this.#fail(new GatewayError(code, `nothing moved for ${ms} ms`));
  }

  /** @returns whether it is out. */
  #head(endpoint: Endpoint, answer: IncomingMessage, more: readonly string[]): boolean {
    const kept = this.#clientFields(endpoint, answer);
    if (kept === null) return false;
    this.#answered = true;
    clearTimeout(this.#timer);
    const status = answer.statusCode ?? 502;
    this.#record.status = status;
    this.#record.headAt = performance.now();
    this.#attempts.answered(status, this.#record.headAt);
    const fields = withStickyCookie(kept, this.#plan, endpoint);
    this.#client.write(headText(status, answer.statusMessage ?? '', [...fields, ...more]), 'latin1');
    return true;
  }

  /** @returns `null`: an extension's change of them failed */
  #clientFields(endpoint: Endpoint, { rawHeaders }: IncomingMessage): Fields | null {
    try {
      return this.#plan.answerFields(endpoint, rawHeaders);
    } catch (cause) {
      this.#fail(rescue(cause, 'head'));
      return null;
    }
  }

  /** Without a length the end of the connection ends the answer, so only a reset shows that it is incomplete. */
  #breakOff(error: GatewayError): void {
    noteError(this.#record, error);
    this.#client.resetAndDestroy();
    this.#finish();
  }

  #fail(error: GatewayError): void {
    if (this.#over) return;
    this.#attempts.failed(error);
    if (this.#answered) return this.#breakOff(error);
    this.#over = true;
    this.#stop();
    this.#owner.failed(error);
  }

  #clientLeft(): void {
    if (this.#over) return;
    const error = new GatewayError('client_left', 'the client left before the tunnel was open');
    this.#attempts.failed(error);
    noteError(this.#record, error);
    this.#record.status = CLIENT_LEFT_STATUS;
    this.#client.destroy();
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#attempts.end('neutral');
    this.#stop();
    this.#owner.closed();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#early.stop();
    if (!this.#splice) this.#cancel();
  }
}

/**
 * Fields of a refused upgrade beside the service's own: the end of the connection, and those that the status and RFC 9110 §6.6.1 require.
 */
function refusalFields({ statusCode, headers }: IncomingMessage): string[] {
  const fields = headers.date === undefined ? ['Date', new Date().toUTCString()] : [];
  // RFC 9110 §15.5.22
  if (statusCode === 426 && headers.upgrade !== undefined)
    return [...fields, 'Upgrade', headers.upgrade, 'Connection', 'Upgrade, close'];
  return [...fields, 'Connection', 'close'];
}

const ANSWER_HEAD_MAX_BYTES = 64 * 1024;

/** The parser that read these fields has refused line breaks and control characters in them, so none can be smuggled in here. */
function headText(status: number, reason: string, fields: Fields): string {
  let text = `HTTP/1.1 ${status} ${reason.replace(NOT_REASON, '?')}\r\n`;
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return `${text}\r\n`;
}

/** RFC 9112 §4: characters that a reason must not contain. Node's parser refuses only line ends. */
const NOT_REASON = /[^\t\x20-\x7e\x80-\xff]+/g;
