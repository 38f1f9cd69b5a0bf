import { expect, onTestFinished, test } from 'vitest';
import { localAddress } from '../proof/testing/endpoint-address.ts';
import { freePort } from '../proof/testing/free-port.ts';
import { startService } from '../proof/testing/service.ts';
import { endpointAt } from '../proof/testing/upstream.ts';
import type { Endpoint } from './endpoint.ts';
import { Holds } from './hold.ts';

/** An endpoint that counts the dials of those who wait for it. */
function watched(port: number) {
  const endpoint = endpointAt(localAddress(port));
  onTestFinished(() => endpoint.close());
  const dials = { all: 0, atOnce: 0, mostAtOnce: 0 };
  const dial = endpoint.dial.bind(endpoint);
  endpoint.dial = (done) => {
    dials.all++;
    dials.mostAtOnce = Math.max(dials.mostAtOnce, ++dials.atOnce);
    const giveUp = dial((error, socket) => {
      dials.atOnce--;
      done(error, socket);
    });
    return () => {
      dials.atOnce--;
      giveUp();
    };
  };
  return { endpoint, dials };
}

const hold = (holds: Holds, endpoint: Endpoint, deadline: number) =>
  new Promise<boolean>((resolve) => {
    if (holds.wait(endpoint, () => deadline, resolve) === null) throw new Error('it may not wait');
  });

const never = () => expect.unreachable('it was told');

test('those who wait for one endpoint share its dials, one at a time', async () => {
  const { endpoint, dials } = watched(await freePort());
  const holds = new Holds(() => []);
  const begun = performance.now();
  const held = Array.from({ length: 256 }, () => hold(holds, endpoint, begun + 300));
  expect(holds.wait(endpoint, () => begun + 300, never)).toBeNull();
  expect(new Set(await Promise.all(held))).toEqual(new Set([false]));
  expect(dials.mostAtOnce).toBe(1);
  // A timer may be a little early.
  expect(dials.all).toBeLessThanOrEqual((performance.now() - begun) / 40);
});

test('each has its own deadline, those whose port opens are told at once, and the dials end with the last of them', async () => {
  const port = await freePort();
  const { endpoint, dials } = watched(port);
  const holds = new Holds(() => []);
  const brief = hold(holds, endpoint, performance.now());
  const patient = [1, 2, 3].map(() => hold(holds, endpoint, Number.POSITIVE_INFINITY));
  const forget = holds.wait(endpoint, () => 0, never);
  forget?.();
  forget?.();
  expect(await brief).toBe(false);
  await startService({ listen: { port, host: '127.0.0.1' } });
  expect(await Promise.all(patient)).toEqual([true, true, true]);
  const { all } = dials;
  // Its timer would have fired meanwhile, if it had not ended: another endpoint's does.
  await hold(holds, watched(await freePort()).endpoint, performance.now() + 100);
  expect(dials).toMatchObject({ all, atOnce: 0 });
});

test('the place of one that has ended is free again, also where it waits anew when it is told', async () => {
  const { port } = await startService();
  const { endpoint } = watched(port);
  const holds = new Holds(() => []);
  const forget = Array.from({ length: 255 }, () =>
    holds.wait(endpoint, () => Number.POSITIVE_INFINITY, never),
  );
  for (const leave of forget) leave?.();
  const twice = new Promise<boolean>((resolve) => {
    holds.wait(
      endpoint,
      () => 0,
      () => holds.wait(endpoint, () => 0, resolve),
    );
  });
  expect(await twice).toBe(true);
  const again = Array.from({ length: 256 }, () => hold(holds, endpoint, Number.POSITIVE_INFINITY));
  expect(new Set(await Promise.all(again))).toEqual(new Set([true]));
});

test('one whose time is up does not wait for a dial that nobody answers', async () => {
  const { endpoint } = watched(await freePort());
  let givenUp = 0;
  endpoint.dial = () => () => givenUp++;
  const holds = new Holds(() => []);
  expect(await hold(holds, endpoint, performance.now() + 100)).toBe(false);
  expect(givenUp).toBe(1);
});
