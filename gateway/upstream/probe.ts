import { CATALOG, type GatewayError } from '../exchange/error-catalog.ts';
import type { DialAddress } from '../model/config.ts';
import type { EndpointStatus } from '../model/status.ts';
import { connect } from '../wire/connect.ts';
import { isLoopback } from './authority.ts';

/** Answers "does anything accept connections there?", asking at most once in a while however often it is asked. */
export class Probe {
  readonly #address: DialAddress;
  readonly #timeoutMs: number;
  #asked: Promise<EndpointStatus> | null = null;
  /** By the clock of `performance`; while an answer is awaited, all who ask share it. */
  #freshUntil = Number.POSITIVE_INFINITY;

  constructor(address: DialAddress, timeoutMs: number) {
    this.#address = address;
    this.#timeoutMs = Math.min(timeoutMs, PROBE_TIMEOUT_MS);
  }

  status(): Promise<EndpointStatus> {
    if (!this.#asked || performance.now() > this.#freshUntil) this.#asked = this.#askAnew();
    return this.#asked;
  }

  async #askAnew(): Promise<EndpointStatus> {
    this.#freshUntil = Number.POSITIVE_INFINITY;
    const status = await this.#ask();
    this.#freshUntil = performance.now() + (status.state === 'down' ? FRESH_DOWN_MS : FRESH_MS);
    return status;
  }

  #ask(): Promise<EndpointStatus> {
    const address = this.#address.key;
    return new Promise((resolve) => {
      connect(this.#address, this.#timeoutMs, (error, socket) => {
        socket?.destroy();
        if (error) resolve({ address, state: 'down', reason: reasonOf(this.#address, error) });
        else resolve({ address, state: 'up', reason: null });
      });
    });
  }
}

const FRESH_MS = 2_000;
/** A service that starts is shown as up soon after its port opens. */
const FRESH_DOWN_MS = 200;
const PROBE_TIMEOUT_MS = 1_000;

/** In a person's words: "nothing listens on 3001". */
export function reasonOf(address: DialAddress, error: GatewayError): string {
  const place = placeOf(address);
  if (error.code === 'connection_refused') return `nothing listens on ${place}`;
  if (error.code === 'connection_timeout') return `no connection to ${place} in time`;
  return `${place}: ${CATALOG[error.code].title.toLowerCase()}`;
}

function placeOf(address: DialAddress): string {
  if (address.kind === 'unix') return address.path;
  return address.addresses?.every(isLoopback) ? String(address.port) : address.key;
}
