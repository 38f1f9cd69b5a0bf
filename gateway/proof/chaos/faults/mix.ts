import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import type { Findings } from '../findings.ts';
import { livingMemory } from '../memory.ts';
import { HealthyClients } from '../mix/healthy-clients.ts';
import { mischiefs } from '../mix/mischiefs.ts';
import { MixedScene } from '../mix/mixed-scene.ts';
import type { Stage } from '../stage.ts';

const mebibyte = 1024 * 1024;
const growthMaxMiB = 32;
const livingGrowthMaxMiB = 8;
/** Mischief of every kind that is under way at once. */
const hands = 4;

export const mix: readonly Fault[] = [
  {
    id: 'mix',
    done: 'mixed load on healthy routes (HTTP, uploads, WebSocket, TCP, UDP), and all of these faults on the others, at random from a seed, for as long as --seconds says',
    holds: `nothing fails on the healthy routes; at the end nothing is left open, and memory is what it was after the warm-up, within ${growthMaxMiB} MiB`,
    limitMs: 24 * 3_600_000,
    async run(stage, seen) {
      const scene = await MixedScene.start(stage);
      const clients = await HealthyClients.start(scene);
      const done = new Map<string, number>();
      const warmUpMs = Math.min(stage.options.seconds * 1_000 * 0.4, 120_000);
      await mischief(stage, scene, done, warmUpMs);
      const before = await settledMemory(scene);
      await mischief(stage, scene, done, stage.options.seconds * 1_000 - warmUpMs, before.resident);
      const { counts, failures } = await clients.stop();
      seen.note(counts);
      seen.none('failures on the healthy routes', failures);
      tellMischief(seen, done);
      await stage.letGo();
      const after = await settledMemory(scene);
      tellMemory(seen, before, after);
    },
  },
];

/** Does one thing after the other, several at once. What it leads to is the healthy clients' to say. */
async function mischief(
  stage: Stage,
  scene: MixedScene,
  done: Map<string, number>,
  ms: number,
  before?: number,
): Promise<void> {
  const end = performance.now() + ms;
  let told = performance.now();
  const hand = async () => {
    while (performance.now() < end) {
      const [name, work] = stage.random.pick(Object.entries(mischiefs));
      // A fault that is done while another one holds the service may fail in its own way.
      await work(stage, scene).catch(() => {});
      done.set(name, (done.get(name) ?? 0) + 1);
      await pause(stage.random.below(30));
    }
  };
  const progress = async () => {
    for (; performance.now() < end; await pause(500)) {
      if (performance.now() - told < 15_000) continue;
      told = performance.now();
      stage.progress(inWords(scene, done, before));
    }
  };
  await Promise.all([...Array.from({ length: hands }, hand), progress()]);
}

function inWords(scene: MixedScene, done: ReadonlyMap<string, number>, before?: number): string {
  const total = [...done.values()].reduce((sum, count) => sum + count, 0);
  const now = Math.round(scene.gateway.residentBytes() / mebibyte);
  const was = before === undefined ? 'warming up' : `${Math.round(before / mebibyte)} MiB after the warm-up`;
  return `${total} faults done; the gateway has ${now} MiB (${was})`;
}

/** When what is garbage is gone. In bytes; `resident` is what the system counts, `living` what the engine does. */
interface Memory {
  readonly resident: number;
  readonly living: number;
}

async function settledMemory(scene: MixedScene): Promise<Memory> {
  const { heapUsed, external } = await livingMemory(scene.inspectPort);
  return { resident: scene.gateway.residentBytes(), living: heapUsed + external };
}

function tellMemory(seen: Findings, before: Memory, after: Memory): void {
  const inMiB = (bytes: number) => Math.round(bytes / mebibyte);
  seen.note(`after the warm-up ${inMiB(before.resident)} MiB, of which ${inMiB(before.living)} alive`);
  seen.note(`at the end ${inMiB(after.resident)} MiB, of which ${inMiB(after.living)} alive`);
  seen.atMost('grew by', (after.resident - before.resident) / mebibyte, growthMaxMiB, ' MiB');
  seen.atMost('living memory by', (after.living - before.living) / mebibyte, livingGrowthMaxMiB, ' MiB');
}

function tellMischief(seen: Findings, done: ReadonlyMap<string, number>): void {
  const total = [...done.values()].reduce((sum, count) => sum + count, 0);
  const kinds = Object.keys(mischiefs).length;
  seen.note(`${total} faults of ${done.size} kinds`);
  seen.atLeast('kinds', done.size, Math.min(kinds, Math.floor(total / 20)));
}
