import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { type Asked, ask, problemOf } from '../../testing/load.ts';
import type { Fault } from '../fault.ts';
import type { Stage } from '../stage.ts';

const entryBytes = 20_000;

export const cache: readonly Fault[] = [
  {
    id: 'cache-disk-full',
    done: 'the disk of a cache is full: answers of 4 MiB in all that may be kept, and room for 1 MiB',
    holds:
      'every answer is right and whole, kept or not; the gateway goes on, and says in its log that the cache is broken',
    async run(stage, seen) {
      const { folder, ulimit, how } = smallDisk(stage);
      const service = await stage.service();
      const options = { ulimit };
      const gateway = await stage.gateway(cached(service.ports.http, join(folder, 'kept.cache')), options);
      const wrong: string[] = [];
      for (let round = 0; round < 2; round++) {
        for (let id = 0; id < 200; id++) wrong.push(...wrongIn(await askKept(gateway, id), id));
      }
      seen.note(how);
      seen.none('of 400 answers wrong', wrong);
      const log = gateway.process.log.text();
      seen.must(
        'the log tells',
        log.includes('could not be read or written'),
        'it says nothing about the cache',
      );
    },
  },
  {
    id: 'cache-corrupt',
    done: 'bytes of the file of a cache are flipped at random, while the gateway is down and while it runs',
    holds: 'it starts, and no client ever gets a wrong byte: damaged entries come from the service again',
    limitMs: 120_000,
    async run(stage, seen) {
      const service = await stage.service();
      const folder = stage.folder();
      const file = join(folder, 'kept.cache');
      const rounds = stage.either(3, 11);
      const wrong: string[] = [];
      let hits = 0;
      for (let round = 0; round < rounds; round++) {
        const gateway = await stage.startGateway(cached(service.ports.http, file), { folder });
        // Entries of the previous round are damaged already; in every second round, new ones are damaged while the gateway runs.
        wrong.push(...(await askAll(gateway)));
        if (round % 2) spoil(stage, file, 20, 'anywhere');
        wrong.push(...(await askAll(gateway)));
        hits += await hitsOf(gateway);
        const { code } = await gateway.stop();
        if (code !== 0) wrong.push(`the gateway ended with ${code}`);
        spoil(stage, file, 20, round % 2 ? 'anywhere' : 'answers');
        stage.progress(`${round + 1} of ${rounds} files spoiled`);
      }
      seen.none(`wrong answers of ${rounds * 80}`, wrong);
      seen.atLeast('from the cache', hits, rounds * 40);
    },
  },
];

function cached(port: number, file: string): string {
  return `routes: { /svc: { to: 127.0.0.1:${port}, cache: { file: ${file} } } }\n`;
}

/** Each answer is known by its path, byte for byte. */
function askKept(gateway: GatewayChild, id: number): Promise<Asked> {
  // Each start has another port, and the cache key contains the host: a fixed Host lets later starts find the entries.
  return ask(gateway.port, `/svc/cacheable/${id}?bytes=${entryBytes}`, { headers: { host: 'kept.test' } });
}

async function askAll(gateway: GatewayChild): Promise<string[]> {
  const asked = Array.from({ length: 40 }, async (_, id) => wrongIn(await askKept(gateway, id), id));
  return (await Promise.all(asked)).flat();
}

function wrongIn(asked: Asked, id: number): string[] {
  const problem = problemOf(asked);
  if (problem !== null) return [problem];
  const right = Buffer.alloc(entryBytes, `/cacheable/${id} `).toString();
  return asked.text === right ? [] : ['bytes that the service never sent'];
}

async function hitsOf(gateway: GatewayChild): Promise<number> {
  const [status] = (await gateway.admin('GET', '/cache')).body as { hits: number }[];
  return status?.hits ?? 0;
}

/** Flips one bit in each of so many bytes: anywhere in the file, or where answers are, so that SQLite itself sees nothing wrong. */
function spoil(stage: Stage, file: string, bytes: number, where: 'anywhere' | 'answers'): void {
  const content = readFileSync(file);
  for (let flipped = 0; flipped < bytes && content.length > 0; flipped++) {
    const from = stage.random.below(content.length);
    const at = where === 'anywhere' ? from : content.indexOf('/cacheable/', from);
    if (at >= 0) content.writeUInt8(content.readUInt8(at) ^ (1 << stage.random.below(7)), at);
  }
  // In place: a running gateway has the very file open.
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, content);
  closeSync(descriptor);
}

/** A file system of 1 MiB where that may be mounted; else a bound on the size of files, which fails writes in the same way. */
function smallDisk(stage: Stage): { folder: string; ulimit: string | undefined; how: string } {
  const folder = stage.folder();
  mkdirSync(folder, { recursive: true });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  if (!mounted) return { folder, ulimit: '-f 1024', how: 'files bound to 1 MiB by ulimit' };
  stage.atRowEnd(() => spawnSync('umount', ['-l', folder]));
  return { folder, ulimit: undefined, how: 'a tmpfs of 1 MiB' };
}
