/** Closes the connection that has been idle for longest. @returns whether there was one. */
type CloseIdle = () => boolean;

/**
 * The bound of HTTP connections to services, over all pools. At the bound a new connection replaces an idle one of any pool: otherwise,
 * with few descriptors, idle connections to one service would lock out the next.
 */
export class ConnectionBudget {
  max = Number.POSITIVE_INFINITY;
  #open = 0;
  readonly #pools = new Set<CloseIdle>();

  join(closeIdle: CloseIdle): void {
    this.#pools.add(closeIdle);
  }

  leave(closeIdle: CloseIdle): void {
    this.#pools.delete(closeIdle);
  }

  /** Never refuses: busy connections are bounded by those of clients. */
  opening(): void {
    if (this.#open >= this.max) this.#closeOne();
    this.#open++;
  }

  closed(): void {
    this.#open--;
  }

  #closeOne(): void {
    for (const closeIdle of this.#pools) if (closeIdle()) return;
  }
}
