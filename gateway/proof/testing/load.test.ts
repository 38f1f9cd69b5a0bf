import { expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { ask, problemOf } from './load.ts';
import { ok, startService } from './service.ts';

test('a whole answer is no problem', async () => {
  const service = (await startService()).answer(ok('fine'));
  const asked = await ask(service.port, '/');
  expect([asked.text, problemOf(asked)]).toEqual(['fine', null]);
});

test.each(['fin', 'reset'] as const)('an answer that is cut off (%s) is not whole', async (how) => {
  const service = (await startService()).answer(async (_request, connection) => {
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    connection[how]();
    return undefined;
  });
  const asked = await ask(service.port, '/');
  expect([asked.status, asked.complete]).toEqual([200, false]);
  expect(problemOf(asked)).toContain('broken off');
});

test('nobody there, and nobody who answers, are told apart from an answer', async () => {
  const silent = (await startService()).answer(() => new Promise(() => {}));
  expect(problemOf(await ask(await freePort(), '/'))).toBe('no answer (ECONNREFUSED)');
  expect(problemOf(await ask(silent.port, '/', { withinMs: 50 }))).toContain('no end within 50 ms');
});

test('an error of the gateway is a problem, however whole', async () => {
  const service = (await startService()).answer('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
  expect(problemOf(await ask(service.port, '/'))).toBe('503');
});
