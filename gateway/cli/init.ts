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
  const ports = { port: await freeOf([3000, 8000, 8080, 9000]), admin: await freeOf([3900, 3901, 3902]) };
  const written = await writtenIn(cwd);
  const known = new Set([...written.map(({ port }) => port), ...OTHERS]);
  const listening = input.values.has('no-scan') ? [] : await listeningHere(known);
  const text = fileOf(named([...written, ...listening]), ports);
  const verdict = await validate({ text, file: defaultFile, env: {} });
  if (!verdict.ok) {
    report(verdict.problems, context);
    return 1;
  }
  if (dry) {
    stdout.write(text);
    return 0;
  }
  // Another one may have been written meanwhile.
  await writeFile(join(cwd, defaultFile), text, { flag: 'wx' });
  stdout.write(`${defaultFile}: ${verdict.config.routes.length} routes. Look it over, then: portway dev\n`);
  return 0;
};

/** The admin listeners of gateways, and what browsers and debuggers open. */
const OTHERS = [3900, 3901, 3902, 9222, 9229];

async function freeOf(ports: readonly number[]): Promise<number> {
  for (const port of ports) if (!(await acceptsConnections(port))) return port;
  return ports[0]!;
}

interface Named extends Discovered {
  /** One segment of a path, and a name of a service; unique. */
  readonly key: string;
}

/** A port that is found twice is one service; the folder knows more of it than the machine. */
function named(found: readonly Discovered[]): Named[] {
  const byPort = new Map<number, Named>();
  const keys = new Set<string>();
  for (const one of found) {
    if (byPort.has(one.port)) continue;
    const plain = one.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40);
    const key = plain === '' || keys.has(plain) ? `${plain || 'port'}-${one.port}` : plain;
    keys.add(key);
    byPort.set(one.port, { ...one, key });
  }
  return [...byPort.values()];
}

function fileOf(
  found: readonly Named[],
  { port, admin }: { readonly port: number; readonly admin: number },
): string {
  const routes = found.map(({ key, port: to, from }) => `  /${key}: ${to}  # ${comment(from)}`);
  const services = found.flatMap(({ key, port: on, start }) => {
    if (start === null) return [];
    const run = JSON.stringify(start.run);
    // What a shell fills in, \${PORT} say, would be filled in by us.
    if (run.includes('$')) return [`  # ${key}: ${comment(start.run)}`];
    return [`  ${key}: { run: ${run}, cwd: ${JSON.stringify(start.cwd)}, port: ${on} }`];
  });
  const isRun = services.some((line) => !line.startsWith('  #'));
  return [
    '# Written by `portway init`. Which path leads to which port; save it and it takes effect.',
    `port: ${port}`,
    ...(admin === 3900 ? [] : [`admin: ${admin}`]),
    '',
    'routes:',
    ...(routes.length > 0
      ? routes
      : ['  /app: 3001  # nothing was found: put the port of your service here']),
    '',
    ...(services.length > 0
      ? [
          '# Processes that `portway dev` runs and watches.',
          ...(isRun ? ['services:'] : ['# services:']),
          ...services,
          '',
        ]
      : []),
  ].join('\n');
}

function comment(text: string): string {
  return printable(text).slice(0, 120);
}
