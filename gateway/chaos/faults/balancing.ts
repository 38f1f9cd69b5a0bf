import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import type { GatewayChild } from '../gateway-child.ts';
import { type Asked, Load, percentile, problemOf } from '../load.ts';
import type { ServiceChild } from '../service-child.ts';
import type { Stage } from '../stage.ts';

const amplificationMax = 1.2;
/** Retries that a quiet route has saved up (docs/decisions/0013). */
const reserve = 10;
/** What a p99 of a few hundred answers moves by from one second to the next on a machine that does other things, too. */
const jitterMs = 15;

export const balancing: readonly Fault[] = [
  storm('503', 'answers 503', 'status=503', 503),
  storm('resets', 'resets every kept connection at the next request', '', null),
  {
    id: 'one-hung-of-three',
    done: 'of three services, each with its own route and load, one hangs (SIGSTOP)',
    holds: `the p99 of the other two is at most 1.5 times what it was, or ${jitterMs} ms more; not one of their requests fails`,
    async run(stage, seen) {
      const services = await threeServices(stage);
      const routes = services.map(({ ports }, at) => `  /s${at}: 127.0.0.1:${ports.http}`).join('\n');
      const gateway = await stage.gateway(`timeouts: { response: 1s }\nroutes:\n${routes}\n`);
      const loads = services.map((_, at) => loadOn(gateway, `/s${at}`, 4));
      await whileHung(stage, seen, services[2]!, loads.slice(0, 2));
      await Promise.all(loads.map((load) => load.stop()));
    },
  },
  {
    id: 'one-hung-endpoint',
    done: 'of three endpoints of one route, one hangs under load (SIGSTOP), and later goes on',
    holds: `it is left out after its first failures; then no request fails, and their p99 is at most 1.5 times what it was, or ${jitterMs} ms more`,
    needs: ['ejection'],
    async run(stage, seen) {
      const services = await threeServices(stage);
      const to = services.map(({ ports }) => `127.0.0.1:${ports.http}`).join(', ');
      const gateway = await stage.gateway(
        `timeouts: { response: 500ms }\nroutes: { /three: { to: [${to}], ejection: { failures: 3, for: 30s } } }\n`,
      );
      const load = loadOn(gateway, '/three', 6);
      await pause(500);
      load.take();
      await pause(stage.either(1_500, 5_000));
      const before = load.take();
      services[2]!.freeze();
      await pause(2_500);
      const meanwhile = load.take();
      const after = await quietest(stage, load, before);
      services[2]!.thaw();
      await load.stop();
      const failed = meanwhile.flatMap((each) => problemOf(each) ?? []);
      seen.atMost('failed until it was left out', failed.length, 12);
      compare(seen, before, after);
    },
  },
];

function storm(id: string, inWords: string, query: string, status: number | null): Fault {
  return {
    id: `storm-of-${id}`,
    done: `each of three endpoints of a route ${inWords}, under load`,
    holds: `the services get at most ${amplificationMax} times as many requests as clients sent (and the reserve of ${reserve} retries), counted there`,
    async run(stage, seen) {
      const services = await threeServices(stage);
      const to = services.map(({ ports }) => `127.0.0.1:${ports.http}`).join(', ');
      const gateway = await stage.gateway(`routes: { /storm: { to: [${to}] } }\n`);
      const behaviour = status === null ? 'kept?by=reset&' : `ok?${query}&`;
      const tag = `storm-${id}`;
      const target = (each: string) => `/storm/${behaviour}tag=${tag}&id=${each}`;
      const load = new Load({ port: gateway.port, target, clients: 16, pauseMs: 2 });
      await pause(stage.either(2_000, 10_000));
      const asked = await load.stop();
      const counted = await Promise.all(services.map((service) => service.counted(tag)));
      const arrived = counted.reduce((sum, each) => sum + each.arrived, 0);
      seen.note(`${asked.length} requests`);
      seen.atMost('arrivals', arrived, asked.length * amplificationMax + reserve);
      seen.note(`${(arrived / asked.length).toFixed(2)}×`);
      tellStatuses(seen, asked);
    },
  };
}

function tellStatuses(seen: Findings, asked: readonly Asked[]): void {
  const words = asked.map(({ status, broke }) => String(status ?? broke));
  const kinds = [...new Set(words)].sort();
  seen.note(kinds.map((kind) => `${words.filter((word) => word === kind).length} × ${kind}`).join(', '));
  seen.none(
    'answers of other kinds',
    kinds.filter((kind) => !/^(200|50[23])$/.test(kind)),
  );
}

function threeServices(stage: Stage): Promise<ServiceChild[]> {
  return Promise.all([stage.service(), stage.service(), stage.service()]);
}

function loadOn(gateway: GatewayChild, path: string, clients: number): Load {
  return new Load({ port: gateway.port, target: () => `${path}/ok`, clients, pauseMs: 3 });
}

/** A second that somebody else's work has spoiled is no verdict: up to four windows, until one is within the bound. */
async function quietest(stage: Stage, load: Load, before: readonly Asked[]): Promise<Asked[]> {
  for (let attempt = 1; ; attempt++) {
    await pause(stage.either(1_500, 5_000));
    const window = load.take();
    if (p99(window) <= bound(p99(before)) || attempt === 4) return window;
  }
}

/** What the other two see of it, as long before as during: up to three tries, for the same reason. */
async function whileHung(
  stage: Stage,
  seen: Findings,
  victim: ServiceChild,
  others: readonly Load[],
): Promise<void> {
  const takeAll = () => others.flatMap((load) => load.take());
  let [before, after]: [Asked[], Asked[]] = [[], []];
  for (let attempt = 0; attempt < 3; attempt++) {
    await pause(300);
    takeAll();
    await pause(stage.either(1_200, 5_000));
    before = takeAll();
    victim.freeze();
    await pause(stage.either(1_200, 5_000));
    after = takeAll();
    victim.thaw();
    await pause(1_200);
    if (p99(after) <= bound(p99(before))) break;
  }
  compare(seen, before, after);
}

function compare(seen: Findings, before: readonly Asked[], after: readonly Asked[]): void {
  seen.none(
    `of ${after.length} requests failed`,
    after.flatMap((each) => problemOf(each) ?? []),
  );
  seen.note(`p99 was ${p99(before).toFixed(1)} ms`);
  seen.atMost('and is', p99(after), bound(p99(before)), ' ms');
}

function bound(ms: number): number {
  return Math.max(1.5 * ms, ms + jitterMs);
}

function p99(asked: readonly Asked[]): number {
  return percentile(
    asked.map(({ ms }) => ms),
    0.99,
  );
}
