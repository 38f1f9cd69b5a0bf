import { randomUUID } from 'node:crypto';
import { get, type RawClient } from './http-client.ts';
import type { ScriptedService, ServiceConnection } from './service.ts';

/** The pair of RFC 6455 §1.3. */
export const webSocketKey = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
export const webSocketAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The bytes of an opening handshake. */
export function handshake(target: string, ...fields: string[]): string {
  const own = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', webSocketKey];
  return get(target, ...own, ...fields);
}

/** The bytes with which a service agrees. */
export function agreement(...fields: string[]): string {
  const own = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${webSocketAccept}`];
  return `${['HTTP/1.1 101 Switching Protocols', ...own, ...fields].join('\r\n')}\r\n\r\n`;
}

/** Opens a tunnel from a client to a service through the gateway between them, and returns its far end. */
export async function openTunnel(
  client: RawClient,
  service: ScriptedService,
  target: string,
): Promise<ServiceConnection> {
  const mark = randomUUID();
  await client.send(handshake(target, `X-Tunnel: ${mark}`));
  const connection = await service.connection();
  const head = await connection.head();
  if (head.value('x-tunnel') !== mark) throw new Error(`the service was asked by a stranger:\n${head.raw}`);
  await connection.send(agreement());
  const { startLine } = await client.head();
  if (!startLine.includes(' 101 ')) throw new Error(`no tunnel came about: ${startLine}`);
  return connection;
}
