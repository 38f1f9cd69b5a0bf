import type { UdpSession } from '../../forward/udp.ts';

interface Unassured {
  readonly session: UdpSession;
  heardAt: number;
}

/**
 * The sessions of one UDP port, by client, and whom to give up where there are too many. The sender of a datagram can be invented, so
 * a flood could fill every place and keep real clients out. As in the connection tracking of Linux, a session counts as
 * assured once its client has gone on after an answer; of the others, the one that was silent longest makes room.
 */
export class UdpSessions {
  readonly #all = new Map<string, UdpSession>();
  /** Those that are not assured, the one that was silent longest first. */
  readonly #unassured = new Map<string, Unassured>();
  readonly #patienceMs: number;

  /** @param patienceMs how long a session must have been silent; with it a flood can't replace more than all of them in that time. */
  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  get size(): number {
    return this.#all.size;
  }

  all(): UdpSession[] {
    return [...this.#all.values()];
  }

  add(client: string, session: UdpSession): void {
    this.#all.set(client, session);
    this.#unassured.set(client, { session, heardAt: performance.now() });
  }

  delete(client: string): void {
    this.#all.delete(client);
    this.#unassured.delete(client);
  }

  /** A datagram of this client has come. @returns its session, if it has one. */
  hear(client: string): UdpSession | undefined {
    const entry = this.#unassured.get(client);
    if (!entry) return this.#all.get(client);
    this.#unassured.delete(client);
    entry.heardAt = performance.now();
    if (!entry.session.assured) this.#unassured.set(client, entry);
    return entry.session;
  }

  /** Ends a session for another to begin. @returns whether there was one to be given up. */
  makeRoom(): boolean {
    for (const [client, { session, heardAt }] of this.#unassured) {
      if (session.assured) {
        // It became so after it was last heard.
        this.#unassured.delete(client);
        continue;
      }
      if (performance.now() - heardAt < this.#patienceMs) return false;
      session.end();
      return true;
    }
    return false;
  }
}

const PATIENCE_MS = 1_000;
