import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Ends a connection so that the other side can't take it for an orderly end: by a reset, where it is plain TCP, or in memory. */
export function breakOff(side: Duplex): void {
  side.on('error', () => {});
  // Of a connection whose end is under way already the system makes no reset, and Node would never let go of it.
  if (hasReset(side) && !side.writableEnded) side.resetAndDestroy();
  else side.destroy();
}

/** Unix sockets and TLS have no reset: asked for one, Node throws. */
function hasReset(side: Duplex): side is Socket {
  return (
    'resetAndDestroy' in side &&
    'remoteAddress' in side &&
    side.remoteAddress !== undefined &&
    !('encrypted' in side)
  );
}
