import { describe, expect, it } from 'vitest';
import { loadContent } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { ListenError } from '../listener/listen-error.ts';
import { ExtensionError } from '../proxy/extension.ts';
import { errorOf, failureOf } from './start-failure.ts';

const loaded = await loadContent({ ok: true, text: 'port: x\n', hash: '' }, 'a.yaml', {});
const configError = new ConfigError(loaded.ok ? [] : loaded.problems);

function taken(use: ListenError['use']): ListenError {
  const cause = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' });
  return new ListenError('127.0.0.1', 3000, cause, use);
}

describe('what a worker could not start for', () => {
  it.each([
    ['a port that is taken', taken('http')],
    ['a raw port that is taken', taken({ id: 'udp 7000', protocol: 'udp' })],
    [
      'an extension',
      new ExtensionError([
        { route: '/a', line: 3, file: '/srv/a.js', problem: 'its default export must be an object' },
      ]),
    ],
    ['a configuration', configError],
    ['something else', new Error('nobody has thought of it')],
  ])('reaches the primary as it was: %s', (_, error) => {
    const told = errorOf(JSON.parse(JSON.stringify(failureOf(error))));
    expect(told).toBeInstanceOf(error.constructor);
    expect(told.message).toBe(error.message);
    const { stack: _one, cause: _cause, ...fields } = error as Error & Record<string, unknown>;
    expect(told).toMatchObject(fields);
  });
});
