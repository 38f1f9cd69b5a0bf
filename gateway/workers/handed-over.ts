import cluster, { type Worker } from 'node:cluster';

/**
 * Connections that were sent to a worker and that it has not confirmed yet.
 *
 * When a worker dies in that moment, `node:cluster` (Node 26) forgets them: they stay open in the primary, and their clients wait for ever.
 * As the worker has not seen them, another one can serve them: cluster is told that they were refused, as a closing worker does.
 * Confirmations have no public name (docs/private-parts.md): if none ever arrives, connections are not kept.
 */
export class HandedOver {
  readonly #worker: Worker;
  readonly #hasPeers: () => boolean;
  readonly #unconfirmed = new Map<number, Handle>();
  #confirms = false;

  /** @param hasPeers whether another worker takes connections. */
  constructor(worker: Worker, hasPeers: () => boolean) {
    this.#worker = worker;
    this.#hasPeers = hasPeers;
    this.#watchSent();
    worker
      .on('exit', () => this.#giveBack())
      .process.on('internalMessage', ({ ack }: ClusterMessage) => {
        if (ack !== undefined && this.#unconfirmed.delete(ack)) this.#confirms = true;
      });
  }

  #watchSent(): void {
    const child = this.#worker.process as { send(...args: unknown[]): boolean };
    const send = child.send.bind(child);
    child.send = (...args) => {
      const [message, handle] = args as [ClusterMessage | undefined, Handle | undefined];
      const { cmd, act, seq } = message ?? {};
      if (cmd === CLUSTER && act === 'newconn' && seq !== undefined && handle) this.#sent(seq, handle);
      return send(...args);
    };
  }

  #sent(seq: number, handle: Handle): void {
    this.#unconfirmed.set(seq, handle);
    if (!this.#confirms && this.#unconfirmed.size > NEVER_CONFIRMED) this.#unconfirmed.clear();
  }

  #giveBack(): void {
    // The worker's last messages may still be unread. And with an unconfirmed connection, `disconnect` is never emitted.
    if (this.#worker.isConnected()) return void setTimeout(() => this.#giveBack(), UNREAD_MS);
    if (this.#worker.id in (cluster.workers ?? {})) this.#worker.disconnect();
    for (const [ack, handle] of this.#unconfirmed) {
      if (this.#hasPeers())
        this.#worker.process.emit('internalMessage', { cmd: CLUSTER, ack, accepted: false }, undefined);
      else handle.close();
    }
    this.#unconfirmed.clear();
  }
}

/** Messages of cluster to its workers, as far as they are read here: internal/cluster/ in Node's source. */
interface ClusterMessage {
  readonly cmd?: string;
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

interface Handle {
  close(): void;
}

const CLUSTER = 'NODE_CLUSTER';
/** So many connections wait for no worker's first word. */
const NEVER_CONFIRMED = 10_000;
const UNREAD_MS = 5;
