import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export type SpliceEnd = 'closed' | 'idle' | 'reset';

export interface SpliceWatcher {
  moved(bytes: number, towards: 'service' | 'client'): void;
  /** Both sides are gone. Called once. */
  ended(how: SpliceEnd): void;
}

/**
 * Joins two connections: bytes flow both ways as fast as the slower side takes them, the end of one direction
 * reaches the other side as an end (the other direction flows on), and a break of one breaks the other.
 */
export class Splice {
  readonly #client: Duplex;
  readonly #service: Duplex;
  readonly #watcher: SpliceWatcher;
  readonly #timer: NodeJS.Timeout;
  #over = false;

  /** @param idleMs without a byte in either direction, after which both are closed. */
  constructor(client: Duplex, service: Duplex, idleMs: number, watcher: SpliceWatcher) {
    this.#client = client;
    this.#service = service;
    this.#watcher = watcher;
    this.#timer = setTimeout(() => this.#end('idle'), idleMs);
    this.#carry(client, service, 'service');
    this.#carry(service, client, 'client');
  }

  /** Lets what was written flow out, then closes both. */
  close(): void {
    this.#client.end();
    this.#service.end();
    this.#end('closed');
  }

  #carry(from: Duplex, to: Duplex, towards: 'service' | 'client'): void {
    from.on('data', (chunk: Buffer) => {
      // Nobody can write to a side that was ended, and an attempt would throw away what still waits in it.
      if (this.#over) return;
      this.#timer.refresh();
      this.#watcher.moved(chunk.length, towards);
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      this.#timer.refresh();
      from.resume();
    });
    from.on('end', () => to.end());
    from.on('error', () => this.#end('reset'));
    from.on('close', () => this.#closed(from, to));
    from.resume();
  }

  /** A side that closed after its end has told everything; one that did not has broken off. */
  #closed(from: Duplex, to: Duplex): void {
    if (!from.readableEnded) this.#end('reset');
    else if (to.destroyed || to.readableEnded) this.#end('closed');
  }

  #end(how: SpliceEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    for (const side of [this.#client, this.#service]) {
      side.on('error', () => {});
      if (how === 'reset') breakOff(side);
      else destroySoon(side);
    }
    this.#watcher.ended(how);
  }
}

/** The other side must not take it for an orderly end. */
function breakOff(side: Duplex): void {
  if (side instanceof Socket) side.resetAndDestroy();
  else side.destroy();
}

/** What has been written still goes out, but nobody waits for the other side for long. */
function destroySoon(side: Duplex): void {
  if (side.writableFinished) return void side.destroy();
  side.end();
  side.resume();
  const timer = setTimeout(() => side.destroy(), FLUSH_MS);
  side.once('close', () => clearTimeout(timer));
  side.once('finish', () => side.destroy());
}

const FLUSH_MS = 5_000;
