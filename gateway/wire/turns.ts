/** A connection with requests that have been received and not read yet. */
export interface TurnTaker {
  takeTurn(): void;
}

/**
 * Connections that have used up their share of this turn of the event loop, in the order of their arrival. A few of them continue in each
 * turn, so that other work (new connections, answers of services, the admin listener) waits for a few exchanges and never for a backlog.
 */
export class Turns {
  #waiting: TurnTaker[] = [];
  #scheduled = false;
  readonly #serve = () => this.#serveSome();

  /** The same connection is not to be added again before its turn. */
  wait(connection: TurnTaker): void {
    this.#waiting.push(connection);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#serve);
  }

  #serveSome(): void {
    this.#scheduled = false;
    for (const connection of this.#waiting.splice(0, CONNECTIONS_PER_TURN)) connection.takeTurn();
    if (this.#waiting.length > 0) this.#schedule();
  }
}

/** Exchanges that one connection may begin in a turn of the event loop. */
export const EXCHANGES_PER_TURN = 4;
/** Connections that go on in one turn: together with their exchanges some milliseconds. */
const CONNECTIONS_PER_TURN = 16;
