import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { acmeStage, failedOrder, NAME } from '../testing/acme-stage.ts';
import type { DirectoryFront } from '../testing/directory-front.ts';
import { until } from '../testing/poll.ts';

const ONE = { keys: [`names: ${NAME}`], pebble: false };
const PLAIN = {
  newNonce: 'http://127.0.0.1/n',
  newAccount: 'http://127.0.0.1/a',
  newOrder: 'http://127.0.0.1/o',
};

/** 100 MB, as fast as they are taken. */
function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(1024 * 1024, '{"a":');
  let left = 100;
  const more = () => {
    while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', more);
    response.end();
  };
  more();
}

describe('a directory that', () => {
  test.each<[what: string, answer: (response: ServerResponse) => void, type: string]>([
    ['answers HTML', (response) => response.end('<html>'), 'garbage'],
    ['answers other JSON', (response) => response.end('[1, {"newNonce": 5}]'), 'garbage'],
    ['names URLs that are not https', (response) => response.end(JSON.stringify(PLAIN)), 'garbage'],
    ['sends 100 MB', flood, 'unreachable'],
    ['leads elsewhere', (response) => response.writeHead(302, { Location: '/x' }).end(), 'garbage'],
    ['is closed', (response) => response.writeHead(503).end(), 'unreachable'],
    ['leaves at once', (response) => void response.destroy(), 'unreachable'],
    [
      'leaves in the middle',
      (response) => {
        response.writeHead(200, { 'Content-Length': '1000' }).write('{"newNonce":');
        setImmediate(() => response.destroy());
      },
      'unreachable',
    ],
  ])('%s is left alone until later', async (_, answer, type) => {
    const { gateway, front } = await acmeStage({
      ...ONE,
      prepare: (front) => front.on('/dir', (_, response) => answer(response)),
    });
    const { error } = await failedOrder(gateway.adminPort);
    expect(error).toMatchObject({ type });
    expect(front.asked).toEqual(['GET /dir']);
    expect((await gateway.get('/', 'Host: elsewhere.example.test')).status).toBe(308);
  });

  test.each(['/dir', '/nonce', '/account'])('never answers %s holds no stop', async (path) => {
    const { gateway, front } = await acmeStage({ ...ONE, prepare: (front) => silentAt(front, path) });
    await until(`${path} is asked for`, () => front.asked.some((one) => one.endsWith(path)));
    expect((await gateway.get('/', 'Host: elsewhere.example.test')).status).toBe(308);
    await gateway.close();
  });
});

/** A directory of which one part is not answered. */
function silentAt(front: DirectoryFront, path: string): void {
  const { origin } = front;
  const urls = { newNonce: `${origin}/nonce`, newAccount: `${origin}/account`, newOrder: `${origin}/order` };
  front.on('/dir', (_, response) => response.end(JSON.stringify(urls)));
  front.on('/nonce', (_, response) => response.writeHead(200, { 'Replay-Nonce': 'abc' }).end());
  front.on(path, (incoming) => incoming.resume());
}
