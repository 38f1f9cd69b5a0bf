import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isStraySocketError } from './last-resort.ts';

const system = (fields: Partial<NodeJS.ErrnoException>) => Object.assign(new Error('failed'), fields);

describe('an error that nobody caught', () => {
  it('is survived where a remote side has broken off a connection', async () => {
    const server = createServer((socket) => socket.resetAndDestroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as { port: number }).port, '127.0.0.1');
    const [error] = await once(socket, 'error').catch((reason) => [reason]);
    server.close();
    expect(isStraySocketError(error)).toBe(true);
  });

  it.each([
    ['a reset while writing', system({ code: 'ECONNRESET', syscall: 'write' }), true],
    ['a write after the other side has ended', system({ code: 'EPIPE' }), true],
    ['a programming error', new TypeError('x is not a function'), false],
    ['a file that can not be read', system({ code: 'EISDIR', syscall: 'read', path: '/etc' }), false],
    ['a port that is taken', system({ code: 'EADDRINUSE', syscall: 'listen' }), false],
    ['something that is no error', 'a string', false],
  ])('%s: survived is %s', (_what, error, expected) => {
    expect(isStraySocketError(error)).toBe(expected);
  });
});
