import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayChild } from '../testing/gateway-child.ts';
import { ask, problemOf } from '../testing/load.ts';
import type { Findings } from './findings.ts';
import type { ServiceChild } from './service-child.ts';
import type { Stage } from './stage.ts';

const withinMs = 5_000;

/**
 * After a row: the gateway lives, nothing is under way, and it holds no more than before. What the row started for itself is stopped,
 * which says once more whether anything was still under way.
 */
export async function settle(stage: Stage, seen: Findings): Promise<void> {
  await stage.letGo();
  const scene = stage.standingScene;
  if (scene !== null) {
    seen.none('unanswered on the other route afterwards', await probe(scene.gateway.port, '/steady/ok'));
    await atRest(scene.gateway, [...stage.services], seen);
  }
  for (const gateway of stage.gateways.splice(0)) await farewell(gateway, [...stage.services], seen);
}

async function probe(port: number, target: string): Promise<string[]> {
  const problem = problemOf(await ask(port, target, { withinMs }));
  return problem === null ? [] : [problem];
}

async function atRest(
  gateway: GatewayChild,
  services: readonly ServiceChild[],
  seen: Findings,
): Promise<void> {
  seen.must('gateway alive', gateway.alive, gateway.process.log.text().slice(-500));
  if (!gateway.alive) return;
  await inFlightZero(gateway, seen);
  await leftAlone(services, seen);
  await descriptorsBack(gateway, seen);
}

async function inFlightZero(gateway: GatewayChild, seen: Findings): Promise<void> {
  const count = await lastOf(
    () => gateway.inFlight(),
    (now) => !now,
  );
  seen.equal('in flight', count, 0);
}

/** A service that still has an exchange shows that the gateway forgot it. Idle connections may stay, and are closed here. */
async function leftAlone(services: readonly ServiceChild[], seen: Findings): Promise<void> {
  for (const service of services) {
    const busy = await lastOf(
      () => service.busy(),
      (now) => now === 0,
    );
    if (busy > 0) seen.equal('exchanges that a service still has', busy, 0);
    await service.drop();
  }
}

async function descriptorsBack(gateway: GatewayChild, seen: Findings): Promise<void> {
  const base = gateway.base?.all ?? 0;
  const { all, sockets } = await lastOf(
    async () => gateway.descriptors(),
    (now) => now.all <= base,
  );
  seen.must(`${all} of ${base} descriptors`, all <= base, `leaked; ${sockets} are sockets`);
}

/** Asks until the answer is as hoped for, or the time is up. @returns the newest answer. */
async function lastOf<Value>(
  question: () => Promise<Value>,
  hoped: (value: Value) => boolean,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await question();
    if (hoped(value) || performance.now() > deadline) return value;
    await pause(10);
  }
}

async function farewell(
  gateway: GatewayChild,
  services: readonly ServiceChild[],
  seen: Findings,
): Promise<void> {
  if (!gateway.alive) return;
  await atRest(gateway, services, seen);
  const { code, finished, ms } = await gateway.stop();
  seen.must(
    `stopped in ${ms} ms`,
    code === 0 && finished,
    `exit code ${code}, nothing under way: ${finished}`,
  );
}
