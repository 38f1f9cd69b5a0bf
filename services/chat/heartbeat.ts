import type { WebSocket, WebSocketServer } from 'ws';

/**
 * Pings every connection each `intervalMs` and ends those that did not answer the last time: a client that vanished
 * without a FIN (a closed laptop) would otherwise stay in its room for hours. Returns what stops it.
 */
export function startHeartbeat(sockets: WebSocketServer, intervalMs: number): () => void {
  const answered = new WeakSet<WebSocket>();
  sockets.on('connection', (socket) => {
    answered.add(socket);
    socket.on('pong', () => answered.add(socket));
  });
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!answered.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, intervalMs);
  return () => clearInterval(timer);
}
