import { describe, expect, it } from 'vitest';
import { loadContent } from '../config/load.ts';
import { shareOf } from './share.ts';

const yaml = `
maxConnections: 100
routes:
  /a: { to: 3001, limits: { connections: 10, waiting: 1 } }
streams:
  tcp: { 7000: { to: 7001, maxConnections: 9 } }
  udp: { 7000: { to: 7001, maxConnections: 9 } }
`;

async function compiled(text: string) {
  const loaded = await loadContent({ ok: true, text, hash: '' }, 'a.yaml', {});
  if (!loaded.ok) throw new Error(loaded.formatted);
  return loaded.config;
}

describe("a worker's share", () => {
  it.each([
    { workers: 1, parts: [100, 10, 1, 9] },
    { workers: 4, parts: [25, 3, 1, 3] },
    { workers: 64, parts: [2, 1, 1, 1] },
  ])(
    'of $workers is its part of each bound on connections, rounded up, and all of UDP',
    async ({ workers, parts }) => {
      const share = shareOf(await compiled(yaml), workers);
      const { connections, waiting } = share.routes[0]!.upstream.limits;
      const [tcp, udp] = ['tcp', 'udp'].map((wanted) =>
        share.streams.find(({ protocol }) => protocol === wanted),
      );
      expect([share.maxConnections, connections, waiting, tcp?.maxConnections]).toEqual(parts);
      expect(udp?.maxConnections).toBe(9);
    },
  );
});
