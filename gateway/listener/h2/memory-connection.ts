import { type Duplex, duplexPair } from 'node:stream';
import { markPeer, type Peer } from '../../exchange/peer.ts';

/**
 * Two ends of a connection in memory. The general lane takes the first for a socket of this client: it has as much of a socket as that
 * needs.
 */
export function memoryConnection(peer: Peer): readonly [near: Duplex, far: Duplex] {
  const [near, far] = duplexPair();
  const { write } = near;
  let timer: NodeJS.Timeout | undefined;
  Object.assign(near, {
    remoteAddress: peer.address,
    // Of a socket's timer the part that is asked for: how long nothing was written.
    setTimeout: (ms: number) => {
      clearTimeout(timer);
      timer = ms > 0 ? setTimeout(() => near.emit('timeout'), ms).unref() : undefined;
      return near;
    },
    write: (...given: Parameters<typeof write>) => {
      timer?.refresh();
      return write.apply(near, given);
    },
    setNoDelay: () => near,
    setKeepAlive: () => near,
    ref: () => near,
    unref: () => near,
    destroySoon: () => void (near.writableFinished ? near.destroy() : near.end(() => near.destroy())),
    // Of one that is destroyed with an error the other end hears no `end`.
    resetAndDestroy: () => near.destroy(new Error('reset')),
  });
  markPeer(near, peer);
  // An end that is destroyed leaves the other one waiting.
  near.once('close', () => {
    clearTimeout(timer);
    far.destroy();
  });
  far.once('close', () => near.destroy());
  for (const end of [near, far]) end.on('error', () => {});
  return [near, far];
}
