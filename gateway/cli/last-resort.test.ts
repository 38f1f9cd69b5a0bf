import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { foreignPlace, isStraySocketError } from './last-resort.ts';

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

  const own = new URL('../wire/x.ts', import.meta.url);
  it.each([
    [
      'a timer of a module of extend:',
      ['file:///srv/my%20app/a.mjs?loaded=1:2:3', 'node:internal/timers:5:1'],
      '/srv/my app/a.mjs:2:3',
    ],
    ['what it calls', ['/srv/node_modules/pg/x.js:1:1', 'file:///srv/a.mjs:2:3'], '/srv/a.mjs:2:3'],
    [
      'a package behind a plugin',
      ['node:net:1:1', '/srv/node_modules/pg/x.js:1:1'],
      '/srv/node_modules/pg/x.js:1:1',
    ],
    ['its listener that we call', ['/srv/a.cjs:2:3', `${own}:7:7`], '/srv/a.cjs:2:3'],
    ['our own', [`${own}:7:7`, '/srv/node_modules/fastify/x.js:1:1'], null],
    ['nothing but Node', ['node:net:1:1'], null],
  ])('is told as that of %s', (_what, frames, place) => {
    const stack = `Error: at (/not/this.js:1:1)\n${frames.map((frame) => `    at Object.f (${frame})`).join('\n')}`;
    expect(foreignPlace(Object.assign(new Error('x'), { stack }))).toBe(place);
  });
});
