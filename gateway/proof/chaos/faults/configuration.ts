import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayChild } from '../../testing/gateway-child.ts';
import { problemOf } from '../../testing/load.ts';
import { until } from '../../testing/poll.ts';
import type { Fault } from '../fault.ts';
import { routesTo, steadyLoad } from '../one-service.ts';

/** What somebody does to the file; what it must lead to is the same each time. */
interface Mishap {
  readonly id: string;
  readonly done: string;
  /** @param content of the good file, without its last line break. */
  readonly spoil: (gateway: GatewayChild, content: string) => Promise<void> | void;
  /** What the admin listener must say about it. */
  readonly rejected: RegExp;
}

const mishaps: readonly Mishap[] = [
  {
    id: 'yaml-half-written',
    done: 'the configuration is written in two halves, some hundred milliseconds apart, cut anywhere; at last one half stays',
    async spoil(gateway, content) {
      for (let cut = 10; cut < content.length; cut += 60) {
        writeFileSync(gateway.configFile, content.slice(0, cut));
        await pause(300);
        writeFileSync(gateway.configFile, content);
        await pause(150);
      }
      writeFileSync(gateway.configFile, content.slice(0, content.indexOf('/two') + 3));
    },
    rejected: /./,
  },
  {
    id: 'yaml-invalid',
    done: 'the configuration is overwritten by bytes that are no YAML, by YAML with an unknown key, and by nothing',
    async spoil(gateway, content) {
      for (const bad of ['\u0000\u0001{{{{ : :\n', `${content}\nworkerz: 2\n`, '']) {
        writeFileSync(gateway.configFile, bad);
        await pause(400);
      }
    },
    rejected: /./,
  },
  {
    id: 'yaml-deleted',
    done: 'the configuration is deleted',
    spoil: (gateway) => rmSync(gateway.configFile),
    rejected: /./,
  },
];

export const configuration: readonly Fault[] = mishaps.map(({ id, done, spoil, rejected }) => ({
  id,
  done: `${done}, under load`,
  holds:
    'nothing changes and no request fails; the admin listener says what is wrong; the good file that follows takes effect',
  async run(stage, seen) {
    const service = await stage.service();
    const gateway = await stage.gateway(routesTo(service.ports.http));
    const load = steadyLoad(gateway);
    const good = gateway.head + stage.complete(routesTo(service.ports.http, '/three'));
    await spoil(gateway, gateway.head + stage.complete(routesTo(service.ports.http)));
    await until('the problem is shown', async () => rejected.test(await refusal(gateway)), 6_000);
    const { reloads } = await gateway.configStatus();
    const said = firstProblem(await refusal(gateway));
    await pause(stage.either(200, 1_000));
    writeFileSync(gateway.configFile, good);
    await until(
      'the good file is taken',
      async () => (await gateway.configStatus()).reloads > reloads,
      6_000,
    );
    const asked = await load.stop();
    seen.note(`said: ${said}`);
    seen.none(
      `of ${asked.length} requests failed`,
      asked.flatMap((each) => problemOf(each) ?? []),
    );
    seen.equal('reloads by the bad file', reloads, 0);
  },
}));

async function refusal(gateway: GatewayChild): Promise<string> {
  return (await gateway.configStatus()).rejected ?? '';
}

/** What was wrong, without the folder where the file is. */
function firstProblem(text: string): string {
  const [line = ''] = text.split('\n').filter((each) => each.trim() !== '');
  return line.replaceAll(/\S*\//g, '').slice(0, 120);
}
