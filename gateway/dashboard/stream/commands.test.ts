import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { asCurl, asFetch } from './commands.ts';

const exchange = {
  method: 'POST',
  target: "/db/it's?a=1&b=$(id)",
  host: 'localhost:3000',
  request: {
    fields: [
      ['Host', 'localhost:3000'],
      ['X-Name', `O'Neil "$HOME" \`id\``],
      ['Content-Length', '3'],
      ['Accept', '*/*'],
    ],
  },
} as const;

describe('an exchange as a command', () => {
  test('curl gets the words that were sent, whatever a shell makes of them', () => {
    const line = asCurl(exchange, 'http://localhost:3000');
    const script = `curl() { for word; do printf '%s\\0' "$word"; done; }; ${line}`;
    const words = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(words).toEqual([
      "http://localhost:3000/db/it's?a=1&b=$(id)",
      '-X',
      'POST',
      '-H',
      `X-Name: O'Neil "$HOME" \`id\``,
      '-H',
      'Accept: */*',
    ]);
  });

  test('fetch is a program that asks for the same', async () => {
    const asked: unknown[] = [];
    const program = new Function(
      'fetch',
      `return (async () => { ${asFetch(exchange, 'https://localhost')} })()`,
    );
    await program(async (...args: unknown[]) => asked.push(...args));
    expect(asked).toEqual([
      "https://localhost:3000/db/it's?a=1&b=$(id)",
      { method: 'POST', headers: { 'X-Name': `O'Neil "$HOME" \`id\``, Accept: '*/*' } },
    ]);
  });

  test('it is asked at the gateway where its host was not kept', () => {
    const bare = { ...exchange, method: 'GET', target: '/x', host: null, request: null };
    expect(asCurl(bare, 'http://localhost:3000')).toBe('curl http://localhost:3000/x');
  });
});
