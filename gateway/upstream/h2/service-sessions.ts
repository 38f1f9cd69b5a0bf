import type { DialAddress } from '../../model/config.ts';
import type { ConnectionBudget } from '../connection-budget.ts';
import { ServiceSession, type SessionOwner } from './service-session.ts';

/** The HTTP/2 connections to one endpoint: mostly one, and more where that has no room. */
export class ServiceSessions implements SessionOwner {
  readonly #address: DialAddress;
  readonly #connectTimeoutMs: number;
  readonly #budget: ConnectionBudget;
  readonly #closeIdle = () => this.#closeOne();
  /** Those that take exchanges. */
  readonly #open = new Set<ServiceSession>();

  constructor(address: DialAddress, connectTimeoutMs: number, budget: ConnectionBudget) {
    this.#address = address;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#budget = budget;
    budget.join(this.#closeIdle);
  }

  get scheme(): 'http' | 'https' {
    return this.#address.kind === 'tcp' && this.#address.tls ? 'https' : 'http';
  }

  withRoom(): ServiceSession {
    for (const session of this.#open) if (session.hasRoom) return session;
    this.#budget.opening();
    const session = new ServiceSession(this.#address, this.#connectTimeoutMs, this);
    this.#open.add(session);
    return session;
  }

  retired(session: ServiceSession): void {
    this.#open.delete(session);
  }

  ended(): void {
    this.#budget.closed();
  }

  #closeOne(): boolean {
    for (const session of this.#open) {
      if (!session.idle) continue;
      session.close();
      return true;
    }
    return false;
  }

  /** Closes idle sessions now, and the others as their exchanges end. */
  close(): void {
    this.#budget.leave(this.#closeIdle);
    for (const session of [...this.#open]) session.close();
  }
}
