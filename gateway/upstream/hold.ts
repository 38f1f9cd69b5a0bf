import type { EndpointConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';
import { serviceBehind } from './endpoint-status.ts';

/** Each held request keeps a client's connection, and unread bytes of its body in the system's buffers. */
const HELD_MAX = 256;
const LOOK_EVERY_MS = 50;
/**
 * Turns of the timer that a request waits beyond its time for the dial under way: an address that swallows packets must not hold it for
 * long.
 */
const TURNS_OVER = 10;

interface Waiter {
  /** Of `performance.now()`; asked at each turn of the timer. */
  readonly deadline: () => number;
  readonly done: (opened: boolean) => void;
  /** Turns since its time was up. */
  turnsOver: number;
}

/** Holds requests while their service is starting, until its port opens. */
export class Holds {
  readonly #services: () => readonly ServiceStatus[];
  readonly #looks = new Map<Endpoint, Look>();
  #held = 0;

  constructor(services: () => readonly ServiceStatus[]) {
    this.#services = services;
  }

  /** Whether the service of a route is run by this process and starting. */
  awaits(endpoints: readonly EndpointConfig[]): boolean {
    return serviceBehind(endpoints, this.#services())?.awaited === true;
  }

  /**
   * @param deadline when the waiting ends, of `performance.now()`; asked again and again, as the service may turn out not to start.
   * @param done called once: whether the port is open.
   * @returns ends the waiting without a word; `null` where too many wait already.
   */
  wait(endpoint: Endpoint, deadline: () => number, done: (opened: boolean) => void): (() => void) | null {
    if (this.#held >= HELD_MAX) return null;
    this.#held++;
    return this.#lookAt(endpoint).add({ deadline, done, turnsOver: 0 });
  }

  #lookAt(endpoint: Endpoint): Look {
    let look = this.#looks.get(endpoint);
    if (look === undefined) {
      const emptied = () => this.#looks.delete(endpoint);
      look = new Look(endpoint, { left: () => this.#held--, emptied });
      this.#looks.set(endpoint, look);
    }
    return look;
  }
}

interface LookOwner {
  left(): void;
  /** It has ended: the next request that waits needs a new one. */
  emptied(): void;
}

/** Asks one endpoint whether its port is open, with one dial at a time, for all that wait for it; ends with the last of them. */
class Look {
  readonly #endpoint: Endpoint;
  readonly #owner: LookOwner;
  readonly #waiters = new Set<Waiter>();
  readonly #timer = setInterval(() => this.#turn(), LOOK_EVERY_MS);
  /** `null`: no dial is under way. */
  #giveUpDial: (() => void) | null = null;

  constructor(endpoint: Endpoint, owner: LookOwner) {
    this.#endpoint = endpoint;
    this.#owner = owner;
  }

  /** @returns takes the waiter away without a word. */
  add(waiter: Waiter): () => void {
    this.#waiters.add(waiter);
    return () => this.#leave(waiter);
  }

  #leave(waiter: Waiter): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    this.#owner.left();
    if (this.#waiters.size === 0) this.#end();
    return true;
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#giveUpDial?.();
    this.#owner.emptied();
  }

  #turn(): void {
    const now = performance.now();
    const over = [...this.#waiters].filter(({ deadline }) => now >= deadline());
    // A dial that is under way began before; this many turns later its answer would come too late.
    this.#tell(
      over.filter((waiter) => ++waiter.turnsOver > TURNS_OVER),
      false,
    );
    if (this.#waiters.size > 0 && this.#giveUpDial === null) this.#ask(over);
  }

  /** @param last their time is up, and they get this one look more: the service may have become ready since the last, and is not awaited then. */
  #ask(last: readonly Waiter[]): void {
    this.#giveUpDial = this.#endpoint.dial((error, socket) => {
      this.#giveUpDial = null;
      socket?.destroy();
      if (error === null) this.#tell([...this.#waiters], true);
      else this.#tell(last, false);
    });
  }

  /** Releasing one waiter may make another leave. */
  #tell(waiters: readonly Waiter[], opened: boolean): void {
    for (const waiter of waiters) if (this.#leave(waiter)) waiter.done(opened);
  }
}
