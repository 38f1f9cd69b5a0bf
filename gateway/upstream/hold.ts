import type { EndpointConfig } from '../model/config.ts';
import type { ServiceStatus } from '../model/status.ts';
import type { Endpoint } from './endpoint.ts';
import { serviceBehind } from './endpoint-status.ts';

/** Each keeps a connection of a client, and what its system has taken of a body that nobody reads. */
const HELD_MAX = 256;
const LOOK_EVERY_MS = 50;

/** Requests that nobody took yet, because their service is starting: they wait until its port opens. */
export class Holds {
  readonly #services: () => readonly ServiceStatus[];
  #held = 0;

  constructor(services: () => readonly ServiceStatus[]) {
    this.#services = services;
  }

  /** Whether the service behind a route is one that we run, and on its way. */
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
    return this.#look(endpoint, deadline, done);
  }

  #look(endpoint: Endpoint, deadline: () => number, done: (opened: boolean) => void): () => void {
    let giveUpDial = () => {};
    let over = false;
    const leave = () => {
      if (over) return;
      over = true;
      this.#held--;
      clearInterval(timer);
      giveUpDial();
    };
    const end = (opened: boolean) => {
      leave();
      done(opened);
    };
    let asking = false;
    const timer = setInterval(() => {
      if (asking) return;
      asking = true;
      // It is looked at once more after the time is up: the service may have become ready since the last look, and is not awaited then.
      const last = performance.now() >= deadline();
      giveUpDial = endpoint.dial((error, socket) => {
        asking = false;
        socket?.destroy();
        if (over) return;
        if (error === null) end(true);
        else if (last) end(false);
      });
    }, LOOK_EVERY_MS);
    return leave;
  }
}
