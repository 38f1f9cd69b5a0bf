import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from '../config/validate.ts';
import { type Discovered, listeningHere, writtenIn } from '../dev/discovery.ts';
import { acceptsConnections } from '../dev/port-probe.ts';
import { printable } from '../log/printable.ts';
import type { RunCommand } from './command.ts';
import { defaultFile, defaultsIn, report } from './configuration.ts';

export const init: RunCommand = async (input, context) => {
  const { cwd, stdout, stderr } = context;
  const dry = input.values.has('dry-run');
  const [there] = defaultsIn(cwd);
  if (there !== undefined && !dry) {
    stderr.write(
      `portway: there is ${there} already, and it stays as it is. \`portway init --dry-run\` prints.\n`,
    );
    return 1;
  }
  const written = await writtenIn(cwd);
  const claimed = written.flatMap(({ port }) => (typeof port === 'number' ? port : []));
  const ports = {
    port: await freeOf([3000, 8000, 8080, 9000], claimed),
    admin: await freeOf([3900, 3901, 3902], claimed),
  };
  const known = new Set([...claimed, ...OTHERS]);
  const listening = input.values.has('no-scan') ? [] : await listeningHere(known);
  const { taken, left } = named([...written, ...listening]);
  const text = fileOf(taken, left, ports);
  const verdict = await validate({ text, file: defaultFile, env: {} });
  if (!verdict.ok) {
    report(verdict.problems, context);
    return 1;
  }
  if (dry) {
    stdout.write(text);
    return 0;
  }
  try {
    // Another one may have been written meanwhile.
    await writeFile(join(cwd, defaultFile), text, { flag: 'wx' });
  } catch (error) {
    stderr.write(`portway: can't write ${defaultFile} in ${cwd}: ${(error as Error).message}\n`);
    return 1;
  }
  const { length } = verdict.config.routes;
  stdout.write(
    `${defaultFile}: ${length === 1 ? '1 route' : `${length} routes`}. Look it over, then: portway dev\n`,
  );
  return 0;
};

/** Ports of admin listeners of gateways, and of browsers' and debuggers' protocols. */
const OTHERS = [3900, 3901, 3902, 9222, 9229];

/** @param claimed by services found here, running or not */
async function freeOf(ports: readonly number[], claimed: readonly number[]): Promise<number> {
  const unclaimed = ports.filter((port) => !claimed.includes(port));
  for (const port of unclaimed) if (!(await acceptsConnections(port))) return port;
  return unclaimed[0] ?? ports[0]!;
}

interface Named extends Discovered {
  /** One segment of a path, and a name of a service; unique. */
  readonly key: string;
}

/**
 * A port has one owner, the first that names it: the folder knows more of it than the machine. @returns also the ports that another one had
 * before
 */
function named(found: readonly Discovered[]): { readonly taken: Named[]; readonly left: Discovered[] } {
  const taken: Named[] = [];
  const left: Discovered[] = [];
  const ports = new Set<number>();
  const keys = new Set<string>();
  for (const one of found) {
    if (typeof one.port === 'number' && ports.has(one.port)) {
      left.push(one);
      continue;
    }
    const plain = one.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40);
    const key = plain === '' || keys.has(plain) ? `${plain || 'port'}-${one.port ?? keys.size}` : plain;
    if (keys.has(key)) continue;
    keys.add(key);
    if (typeof one.port === 'number') ports.add(one.port);
    taken.push({ ...one, key });
  }
  return { taken, left };
}

function fileOf(
  found: readonly Named[],
  left: readonly Discovered[],
  { port, admin }: { readonly port: number; readonly admin: number },
): string {
  const routes = found.flatMap(({ key, port: to, from }) =>
    to === null ? [] : `  /${key}: ${to === 'auto' ? `service:${key}` : to}  # ${comment(from)}`,
  );
  const unplaced = left.map(
    ({ name, port: on, from }) =>
      `  # ${comment(name)}: ${on} stands above already (${comment(from)}); give it another port`,
  );
  const unread = found.filter(({ port: none, start }) => none === null && start === null);
  const services = found.flatMap((one) => (one.start === null ? [] : serviceLine(one, one.start)));
  return [
    '# Written by `portway init`. Which path leads to which port; save it and it takes effect.',
    `port: ${port}`,
    ...(admin === 3900 ? [] : [`admin: ${admin}`]),
    '',
    'routes:',
    ...(routes.length > 0
      ? [...routes, ...unplaced]
      : ['  /app: 3001  # nothing was found: put the port of your service here']),
    ...unread.map(({ from }) => `  # ${comment(from)}`),
    '',
    ...(services.length > 0
      ? ['# Processes that `portway dev` runs and watches.', 'services:', ...services, '']
      : []),
  ].join('\n');
}

function serviceLine({ key, port }: Named, start: NonNullable<Discovered['start']>): string {
  // Variables of a shell, such as ${PORT}, would be expanded by us (config/expand.ts).
  const run = JSON.stringify(start.run.replaceAll('${', () => '$${'));
  const on = port === null ? '' : `, port: ${port}`;
  return `  ${key}: { run: ${run}, cwd: ${JSON.stringify(start.cwd)}${on} }`;
}

function comment(text: string): string {
  return printable(text).slice(0, 120);
}
