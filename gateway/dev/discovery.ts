/** Finds services on this machine and in this folder, for `portway init`. */

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { composeServices, workspacePatterns } from '../config/compose-file.ts';
import { listeningSockets, portsByLsof, sorted } from './listening-sockets.ts';
import { portHolder } from './port-holder.ts';
import { speechAt } from './port-speech.ts';

export interface Discovered {
  /** Of the path, as far as it can be guessed. */
  readonly name: string;
  /** `auto`: the process takes the one that it is given; `null`: it has none. */
  readonly port: number | 'auto' | null;
  /** Where it was found: `Vite, pid 7: node vite.js`; of a file that can't be read, why. */
  readonly from: string;
  /** Its command, if the folder has one; `cwd` is relative to the folder. `null` with no port: a file that can't be read. */
  readonly start: { readonly run: string; readonly cwd: string } | null;
}

/** Ports of this machine that speak HTTP. */
export async function listeningHere(ignored: ReadonlySet<number>): Promise<Discovered[]> {
  const ports = (await listeningPorts()).filter((port) => !ignored.has(port));
  const found = await Promise.all(ports.map(webServiceOn));
  return found.filter((one) => one !== null);
}

const PROBE_MS = 1_000;

async function webServiceOn(port: number): Promise<Discovered | null> {
  const speeches = ['127.0.0.1', '::1'].map((host) =>
    speechAt({ host, port }, `localhost:${port}`, PROBE_MS),
  );
  if (!(await Promise.all(speeches)).some(({ kind }) => kind === 'http')) return null;
  const holder = await portHolder(port);
  const command = holder?.command ?? '';
  // Another gateway is no service.
  if (GATEWAY.test(command)) return null;
  const framework = FRAMEWORKS.find(([pattern]) => pattern.test(command))?.[1] ?? null;
  const by = holder === null ? 'a process of another user' : `pid ${holder.pid}: ${command}`;
  const from = framework === null ? by : `${framework}, ${by}`;
  return { name: framework ?? `port-${port}`, port, from, start: null };
}

const GATEWAY = /\bportway(?:\.js)? (?:dev|start)\b/;

const FRAMEWORKS: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bvite\b/, 'Vite'],
  [/\bnext(?:-server)?\b/, 'Next'],
  [/\bnuxt\b|\bnuxi\b/, 'Nuxt'],
  [/\bastro\b/, 'Astro'],
  [/\bdocusaurus\b/, 'Docusaurus'],
  [/\bstorybook\b/, 'Storybook'],
  [/\bng serve\b/, 'Angular'],
  [/\breact-scripts\b/, 'React'],
  [/\bwebpack\b/, 'webpack'],
  [/\bjupyter/, 'Jupyter'],
  [/\bmanage\.py\b/, 'Django'],
  [/\buvicorn\b|\bfastapi\b/, 'FastAPI'],
  [/\bgunicorn\b|\bflask\b/, 'Flask'],
  [/\bpuma\b|\brails\b/, 'Rails'],
  [/\bprometheus\b/, 'Prometheus'],
  [/\bgrafana\b/, 'Grafana'],
];

async function listeningPorts(): Promise<number[]> {
  if (process.platform === 'darwin') return sorted(await portsByLsof());
  return sorted((await listeningSockets('tcp')).map(({ port }) => port));
}

/** Services in files of the folder: package.json and its workspaces, Procfile.dev or Procfile, docker-compose.yml. */
export async function writtenIn(folder: string): Promise<Discovered[]> {
  const [packages, procfile, compose] = await Promise.all([
    packagesIn(folder),
    procfileIn(folder),
    composeIn(folder),
  ]);
  return [...packages, ...procfile, ...compose];
}

interface Manifest {
  readonly name?: unknown;
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly workspaces?: unknown;
}

async function packagesIn(folder: string): Promise<Discovered[]> {
  const root = manifestOf(await readFile(join(folder, 'package.json'), 'utf8').catch(() => null));
  const patterns = await workspacesOf(folder, root);
  const folders = (await Promise.all(patterns.map((pattern) => foldersOf(folder, pattern)))).flat();
  const found = await Promise.all(['.', ...folders].map((cwd) => packageAt(folder, cwd)));
  return found.filter((one) => one !== null);
}

/** As npm, Yarn and pnpm write them. */
async function workspacesOf(folder: string, root: Manifest | null): Promise<string[]> {
  const { workspaces } = root ?? {};
  const said = (workspaces as { packages?: unknown } | undefined)?.packages ?? workspaces;
  if (Array.isArray(said)) return said.map(String);
  return workspacePatterns(await readFile(join(folder, 'pnpm-workspace.yaml'), 'utf8').catch(() => ''));
}

/** `apps/*` or the folder itself: other patterns that npm allows are rare. */
async function foldersOf(folder: string, pattern: string): Promise<string[]> {
  const plain = pattern.replace(/^\.\//, '').replace(/\/$/, '');
  if (plain.split('/').includes('..')) return [];
  if (!plain.endsWith('/*')) return plain.includes('*') ? [] : [plain];
  const parent = plain.slice(0, -2);
  const entries = await readdir(join(folder, parent), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${parent}/${name}`);
}

async function packageAt(folder: string, cwd: string): Promise<Discovered | null> {
  const file = cwd === '.' ? 'package.json' : `${cwd}/package.json`;
  const text = await readFile(join(folder, file), 'utf8').catch(() => null);
  const manifest = manifestOf(text);
  if (text !== null && manifest === null) return unread(file, 'JSON');
  const known = ['dev', 'start', 'serve'].flatMap((script) => {
    const command = String(manifest?.scripts?.[script] ?? '');
    // A script that starts us would start itself.
    const port = /\bportway\b/.test(command) ? null : portIn(command);
    return port === null ? [] : { script, port };
  });
  const [found] = known;
  if (manifest === null || found === undefined) return null;
  const { script, port } = found;
  const name = typeof manifest.name === 'string' ? manifest.name.replace(/^@[^/]*\//, '') : basename(cwd);
  return { name, port, from: `\`${script}\` of ${file}`, start: { run: `npm run ${script}`, cwd } };
}

/** `null` for anything that is no JSON. */
function manifestOf(text: string | null): Manifest | null {
  try {
    return JSON.parse(text ?? '') as Manifest;
  } catch {
    return null;
  }
}

function unread(file: string, language: string): Discovered {
  return { name: file, port: null, from: `${file} is no ${language}: it was left out`, start: null };
}

async function procfileIn(folder: string): Promise<Discovered[]> {
  for (const file of ['Procfile.dev', 'Procfile']) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => null);
    if (text !== null) return processesOf(text, file);
  }
  return [];
}

function processesOf(text: string, from: string): Discovered[] {
  return (
    Array.from(text.matchAll(/^([\w-]+):[ \t]*(\S.*)$/gm))
      .map(([, name, run]) => ({ name: name!, run: run!.trim() }))
      // Heroku runs it once, before the others.
      .filter(({ name }) => name !== 'release')
      .map(({ name, run }) => ({ name, port: portIn(run), from, start: { run, cwd: '.' } }))
  );
}

async function composeIn(folder: string): Promise<Discovered[]> {
  for (const file of ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => null);
    if (text === null) continue;
    const services = composeServices(text) ?? [unread(file, 'YAML')];
    return services.map((one) => ({ from: file, ...one, start: null }));
  }
  return [];
}

/** `--port 4000`, `-p=4000`, `PORT=4000`, `${PORT:-4000}`, `localhost:4000`, `-b :4000`; otherwise its framework's default. `null`: none, or it can't be known. */
function portIn(command: string): Discovered['port'] {
  const [, said] = SAID_PORT.exec(command) ?? [];
  if (said === undefined && LISTENS_AT_A_SOCKET.test(command)) return null;
  if (said === undefined && TAKES_PORT.some((pattern) => pattern.test(command))) return 'auto';
  const port = Number(said ?? USUAL_PORTS.find(([pattern]) => pattern.test(command))?.[1] ?? 0);
  return port > 0 && port < 65_536 ? port : null;
}

const SAID_PORT =
  /(?:--port|--listen|-[plb]|\bPORT:?-?|\blocalhost|\b127\.0\.0\.1|\b0\.0\.0\.0|\[::1?\]|\brunserver|\bhttp\.server|(?<=[ =])(?=:))(?:[ =:]+|(?<=-))(\d{2,5})\b/;

/** `gunicorn --bind unix:/tmp/a.sock`, `uvicorn --uds /tmp/a.sock`. */
const LISTENS_AT_A_SOCKET = /[ =]unix:| --uds[ =]/;

/** Commands that listen on the `PORT` that they are given. */
const TAKES_PORT: readonly RegExp[] = [
  /\$\{?PORT\b/,
  /^next dev\b/,
  /^react-scripts start\b/,
  /^nux[ti] (?:dev|start)\b/,
  /\brails s(?:erver)?\b/,
];

const USUAL_PORTS: ReadonlyArray<readonly [RegExp, number]> = [
  [/^vite(?: dev| serve)?(?:$| -)/, 5173],
  [/^vite preview\b/, 4173],
  [/^astro dev\b/, 4321],
  [/^ng serve\b/, 4200],
  [/^storybook dev\b/, 6006],
  [/^docusaurus start\b/, 3000],
  [/^json-server\b/, 3000],
  [/^webpack(?:-dev-server| serve)\b/, 8080],
  [/^(?:uvicorn|gunicorn|hypercorn)\b|\bfastapi (?:dev|run)\b/, 8000],
  [/\bartisan serve\b|\bhttp\.server\b|^gatsby develop\b/, 8000],
  [/^(?:http-server|vue-cli-service serve)\b/, 8080],
  [/\bmix phx\.server\b/, 4000],
  [/^wrangler dev\b/, 8787],
  [/\bmanage\.py runserver\b/, 8000],
  [/\bflask\b.* run\b/, 5000],
  [/\bjekyll serve\b/, 4000],
  [/\bhugo server\b/, 1313],
];
