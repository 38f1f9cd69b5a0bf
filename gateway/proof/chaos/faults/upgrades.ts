import { quantile } from '../../testing/statistics.ts';
import { handshake } from '../../testing/websocket.ts';
import type { Fault } from '../fault.ts';
import type { Stage } from '../stage.ts';

export const upgrades: readonly Fault[] = [
  {
    id: 'upgrade-storm',
    done: 'hundreds of WebSocket handshakes at once; then their clients all leave, half of them by a reset',
    holds: 'each gets its 101 and its own bytes back; not one socket is left on either side',
    async run(stage, seen) {
      const count = stage.either(200, 1_000);
      const { gateway } = await stage.scene();
      const times = await Promise.all(
        Array.from({ length: count }, (_, id) => tunnel(stage, gateway.port, id)),
      );
      seen.note(`${count} tunnels, each within ${Math.round(quantile(times, 1))} ms`);
    },
  },
];

/** @returns milliseconds to its first echo. */
async function tunnel(stage: Stage, port: number, id: number): Promise<number> {
  const from = performance.now();
  const client = await stage.connect(port);
  await client.send(handshake(`/patient/socket?id=${id}`));
  const head = await client.head(30_000);
  if (head.status !== 101) throw new Error(`an upgrade was answered ${head.status}`);
  const said = `this is ${id}`;
  await client.send(said);
  const back = (await client.bytes(said.length, 30_000)).toString();
  if (back !== said) throw new Error(`a tunnel brought ${back} in place of ${said}`);
  const ms = performance.now() - from;
  stage.atRowEnd(() => (id % 2 ? client.reset() : client.destroy()));
  return ms;
}
