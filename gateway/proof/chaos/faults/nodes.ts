import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from '../../testing/machine.ts';
import { type Fault, Skip } from '../fault.ts';
import type { Findings } from '../findings.ts';
import type { Stage } from '../stage.ts';
import { type Loaded, ThreeGateways } from '../three-gateways.ts';
import { failuresOf } from './replacement.ts';

/** HAProxy notices within 2 s plus the time of a check; this machine may be busy. */
const ANNOUNCED = ['--announce', '4s'];

const posts =
  'no GET fails; of POSTs only those fail that were under way there, and none is carried out twice';

/** Three gateways behind HAProxy, set up as docs/deploy/haproxy.cfg shows, each before the same two processes of a service. */
export const nodes: readonly Fault[] = [
  {
    id: 'node-killed',
    done: 'SIGKILL of one of three gateways behind HAProxy, under load; it is started again',
    holds: posts,
    async run(stage, seen) {
      const three = await ThreeGateways.start(stage);
      const load = three.load();
      await pause(stage.either(500, 3_000));
      await three.gateways[1]!.kill();
      await pause(stage.either(1_000, 5_000));
      await three.startAgain(three.gateways[1]!);
      await pause(stage.either(300, 3_000));
      await tell(seen, three, await load.stop());
    },
  },
  {
    id: 'service-of-two-killed',
    done: 'SIGKILL of one of the two processes of a service behind three gateways behind HAProxy, under load; it is started again',
    holds: `${posts}; but a GET that was the first on its connection to that process is answered 502 (record 0013)`,
    async run(stage, seen) {
      const three = await ThreeGateways.start(stage);
      const victim = three.services[1]!;
      const load = three.load();
      await pause(stage.either(500, 3_000));
      await stage.endService(victim);
      await pause(stage.either(1_000, 5_000));
      await stage.service(victim.ports);
      await pause(stage.either(500, 12_000));
      await tell(seen, three, await load.stop(), 3);
    },
  },
  {
    id: 'node-partitioned',
    done: 'the packets from and to one of three gateways are dropped (iptables), its connections stand; under load; later they pass again',
    holds: posts,
    limitMs: 90_000,
    async run(stage, seen) {
      const three = await ThreeGateways.start(stage);
      const load = three.load();
      await pause(stage.either(500, 3_000));
      const { port, adminPort } = three.gateways[2]!;
      const join = partition(stage, [port, adminPort]);
      // Longer than exchanges under way take to give up (5 s).
      await pause(stage.either(7_000, 15_000));
      join();
      await three.serves(three.gateways[2]!);
      await tell(seen, three, await load.stop());
      // It still has connections whose other ends gave up meanwhile; what is idle may stay for 75 s, and goes with the process.
      const { code, finished } = await three.gateways[2]!.stop();
      seen.must(`exit code ${code}`, code === 0 && finished, 'should be 0, with nothing under way');
    },
  },
  {
    id: 'nodes-replaced',
    done: 'one after the other, each of three gateways behind HAProxy gets SIGTERM (`--announce 4s`) and a new one takes its place; under load',
    holds: 'no request fails, POST or GET',
    limitMs: 120_000,
    async run(stage, seen) {
      const three = await ThreeGateways.start(stage, ANNOUNCED);
      const reads = await three.manyReads();
      const load = reads === null ? three.load() : three.load(2);
      await pause(stage.either(300, 3_000));
      for (const gateway of three.gateways) {
        const { code, finished } = await gateway.stop();
        seen.must(`exit code ${code}`, code === 0 && finished, 'should be 0, with nothing under way');
        await three.startAgain(gateway);
      }
      const [read, loaded] = [await reads?.stop(), await load.stop()];
      if (read) {
        const perSecond = read.requests / read.seconds;
        seen.note(`${Math.round(perSecond)} reads/s by wrk${perSecond < WANTED ? MORE_WANTED : ''}`);
        seen.none(`of its ${read.requests} reads failed`, read.problems);
      }
      await tell(seen, three, loaded);
      seen.none('failed POSTs', failuresOf(loaded.post));
    },
  },
];

const WANTED = 2_000;
const MORE_WANTED = ' (2,000 were wanted: more is not carried here now)';

/** @param firsts GETs that may be answered 502, because a connection that has carried nothing yet is no kept one: at most one for each gateway */
async function tell(
  seen: Findings,
  three: ThreeGateways,
  { get, post, perSecond }: Loaded,
  firsts = 0,
): Promise<void> {
  seen.note(`${Math.round(perSecond)} requests/s`);
  const failed = failuresOf(get);
  const isFirst = (failure: string) => firsts > 0 && failure === '502';
  const unsent = failed.filter(isFirst);
  seen.none(
    `of ${get.length} GETs failed`,
    failed.filter((failure) => !isFirst(failure)),
  );
  if (firsts > 0) seen.atMost('and answered 502', unsent.length, firsts);
  // Of each client one.
  seen.atMost(`of ${post.length} POSTs failed`, failuresOf(post).length, 2);
  seen.atMost('times that one POST arrived', await three.mostPosts(), 1);
}

/** Where this process is killed, the packet filter itself lets everything pass again a few minutes later. @returns what joins the parts. @throws Skip */
function partition(stage: Stage, ports: readonly number[]): () => void {
  const iptables = findProgram('iptables', ['--version'], /v(\S+)/);
  if (iptables === null || process.getuid?.() !== 0)
    throw new Skip('packets are dropped by iptables, as root');
  const until = new Date(Date.now() + 180_000).toISOString().slice(0, 19);
  const rules = ports.flatMap((port) =>
    ['--sport', '--dport'].map((side) => {
      const what = ['INPUT', '-i', 'lo', '-p', 'tcp', side, String(port)];
      return [...what, '-m', 'time', '--datestop', until, '-j', 'DROP'];
    }),
  );
  const set = (change: '-A' | '-D', rule: readonly string[]) =>
    spawnSync(iptables.path, ['-w', change, ...rule], { encoding: 'utf8' });
  let joined = false;
  const join = () => {
    if (!joined) for (const rule of rules) set('-D', rule);
    joined = true;
  };
  stage.atRowEnd(join);
  for (const rule of rules) {
    const { status, stderr } = set('-A', rule);
    if (status !== 0) throw new Skip(`this machine drops no packets: ${stderr.trim()}`);
  }
  return join;
}
