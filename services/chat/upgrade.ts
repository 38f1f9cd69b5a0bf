import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { Problem, problemBody, problemContentType } from '../kit/problem.ts';
import { publicAddress } from '../kit/public-address.ts';
import { requestId } from '../kit/request-id.ts';

export interface UpgradeRules {
  readonly path: string;
  readonly maxConnections: number;
}

/** Takes WebSocket handshakes at one path, from pages of this origin or from no page at all. */
export function acceptUpgrades(server: Server, sockets: WebSocketServer, rules: UpgradeRules): void {
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const problem = refusalOf(request, sockets, rules);
    if (problem) return refuse(request, socket, problem);
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
}

function refusalOf(request: IncomingMessage, sockets: WebSocketServer, rules: UpgradeRules): Problem | null {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== rules.path) return new Problem(404, 'not_found', `WebSockets are at ${rules.path}.`);
  if (!isSameOrigin(request)) {
    // A browser sends WebSocket handshakes of any page anywhere; nothing but this check keeps foreign pages out.
    return new Problem(403, 'foreign_origin', 'Pages of other origins may not connect.');
  }
  if (sockets.clients.size >= rules.maxConnections) {
    return new Problem(503, 'full', 'The chat has as many connections as it can take.', {
      headers: { 'retry-after': '5' },
    });
  }
  return null;
}

function isSameOrigin(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === new URL(publicAddress(request.headers).origin).host;
}

function refuse(request: IncomingMessage, socket: Duplex, problem: Problem): void {
  const body = problemBody(problem, requestId(request));
  const fields = Object.entries(problem.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\ncontent-type: ${problemContentType}\r\n${fields.join('')}` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
