import { exportJWK, generateKeyPair } from 'jose';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { Outbound, OutboundAnswer } from '../outbound.ts';
import { FetchedKeys } from './fetched-keys.ts';

async function keySet(...kids: string[]): Promise<string> {
  const keys = await Promise.all(
    kids.map(async (kid) => ({ ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), kid })),
  );
  return JSON.stringify({ keys });
}

/** An issuer whose answers a test gives, and a clock that a test moves. */
function stage(first: string) {
  const issuer = { text: first, asked: 0, now: 0 };
  const outbound = {
    async get(): Promise<OutboundAnswer> {
      issuer.asked++;
      return { status: issuer.text === '' ? 502 : 200, fields: [], body: Buffer.from(issuer.text) };
    },
  } as unknown as Outbound;
  const source = new FetchedKeys(
    'https://id.test/jwks',
    outbound,
    pino({ enabled: false }),
    () => issuer.now,
  );
  onTestFinished(() => source.close());
  return { issuer, source };
}

test('keys that an issuer makes anew are fetched when a token names one, and not for every such token', async () => {
  const { issuer, source } = stage(await keySet('a'));
  const before = await source.current();
  issuer.text = await keySet('a', 'b');
  expect(await source.renewed({ alg: 'ES256', kid: 'b' })).toBeNull();
  issuer.now += 6_000;
  const after = await source.renewed({ alg: 'ES256', kid: 'b' });
  expect([after?.lacks({ alg: 'ES256', kid: 'b' }), before?.lacks({ alg: 'ES256', kid: 'b' })]).toEqual([
    false,
    true,
  ]);
  issuer.now += 6_000;
  expect(await source.renewed({ alg: 'ES256', kid: 'c' })).toBeNull();
  expect([await source.renewed({ alg: 'ES256', kid: 'c' }), issuer.asked]).toEqual([null, 3]);
});

test('keys serve on while their issuer is down, and the very same keys stay the same object', async () => {
  const { issuer, source } = stage(await keySet('a'));
  const before = await source.current();
  const text = issuer.text;
  issuer.text = '';
  issuer.now += 6_000;
  expect(await source.renewed({ alg: 'ES256', kid: 'b' })).toBeNull();
  expect(source.current()).toBe(before);
  issuer.text = text;
  issuer.now += 6_000;
  await source.renewed({ alg: 'ES256', kid: 'b' });
  expect(source.current()).toBe(before);
});
