import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { createCommitQueue } from '../kit/commit-queue.ts';
import { readInteger } from '../kit/environment.ts';
import { httpService } from '../kit/http-service.ts';
import { addPage } from '../kit/page.ts';
import { addResource } from '../kit/resource.ts';
import type { Service, ServiceParts } from '../kit/service.ts';
import { createWebApp } from '../kit/web-app.ts';
import { serveConnection } from './connection.ts';
import { openDatabase } from './database.ts';
import { createHall } from './hall.ts';
import { createMessageStore, type MessageStore } from './message-store.ts';
import { acceptUpgrades } from './upgrade.ts';

// A message of 4,000 characters, each escaped as \uXXXX twice over, and the frame around it.
const frameMaxBytes = 64 * 1024;
const closeGraceMs = 1000;

/** The live chat: WebSockets at `/ws`, the page at `/`, and the messages in SQLite. */
export async function createChatService(parts: ServiceParts): Promise<Service> {
  const database = openDatabase(parts.environment.dataDir);
  const queue = createCommitQueue(database);
  const store = createMessageStore(database);
  const hall = createHall(store, queue);
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameMaxBytes,
    perMessageDeflate: false,
  });
  sockets.on('connection', (socket) => serveConnection(socket, hall, parts.log));
  const app = createWebApp({ log: parts.log });
  addPages(app, store);
  await app.ready();
  acceptUpgrades(app.server, sockets, { path: '/ws', maxConnections: readMaxConnections() });
  const stopHeartbeat = startHeartbeat(sockets, readHeartbeatMs());
  return httpService(app.server, parts, {
    beginDrain: () => dismiss(sockets),
    async close() {
      stopHeartbeat();
      hall.close();
      await queue.idle();
      database.close();
    },
  });
}

function addPages(app: FastifyInstance, store: MessageStore): void {
  const page = addPage(app, `${import.meta.dirname}/page`, 'chat');
  addResource(app, '/', { GET: (request, reply) => page.send(request, reply) });
  addResource(app, '/rooms', { GET: (_request, reply) => reply.send({ rooms: store.rooms() }) });
}

/** "Going away" (RFC 6455 §7.4.1) tells clients to come again; those that don't answer the close are ended. */
function dismiss(sockets: WebSocketServer): void {
  for (const socket of sockets.clients) socket.close(1001, 'the service is restarting');
  setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
  }, closeGraceMs);
}

function readMaxConnections(): number {
  return readInteger(process.env, 'CHAT_MAX_CONNECTIONS', { value: 10_000, from: 1, to: 1_000_000 });
}

function readHeartbeatMs(): number {
  return readInteger(process.env, 'CHAT_HEARTBEAT_MS', { value: 30_000, from: 10, to: 3_600_000 });
}

/**
 * Pings every connection each `intervalMs` and ends those that did not answer the last time: a client that vanished
 * without a FIN (a closed laptop) would otherwise stay in its room for hours. Returns what stops it.
 */
function startHeartbeat(sockets: WebSocketServer, intervalMs: number): () => void {
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
