import { fileURLToPath } from 'node:url';
import { type Installed, packageVersion } from '../../testing/machine.ts';
import { PORTWAY } from '../../testing/processes.ts';
import { keysFile } from '../../testing/users-file.ts';
import { CACHE_MIB, cases } from '../cases.ts';
import type { Peer, Wiring } from '../peer.ts';

interface Variant {
  readonly name: string;
  readonly about: string;
  /** Left out: all of them. */
  readonly cases?: readonly string[];
  /** Lines of the top level. */
  readonly settings?: string;
  /** Further keys of the route. */
  readonly route?: string;
  /** Further routes. */
  readonly others?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly field?: string;
  /** Of the admin listener, which it has then. */
  readonly watched?: string;
  readonly admin?: true;
}

const API_KEY = 'pw_0123456789abcdefghijklmnopqrstuvwxyz';

const QUIET = 'log: { access: false }\n';

export const portway: Peer = portwayPeer({
  name: 'portway',
  about: 'access log off, as for the others',
  settings: QUIET,
});

/** Cost of single features, beside the same without them. */
export const portwayVariants: readonly Peer[] = [
  portwayPeer({
    name: 'portway+log',
    about: 'as its users run it: metrics, and one access line for each exchange, written to /dev/null',
    cases: ['small', '10k', 'post', 'half'],
  }),
  portwayPeer({
    name: 'portway 10k routes',
    about: 'with 10,000 routes in its table',
    cases: ['small'],
    settings: QUIET,
    others: Array.from({ length: 10_000 }, (_, at) => `  /r${at}/${at % 7}: ${40_000 + (at % 9)}\n`).join(''),
  }),
  portwayPeer({
    name: 'portway policies',
    about: 'with `cors`, API keys, a rate limit by address and header rules on the route',
    cases: ['small', '10k', 'post'],
    settings: QUIET,
    route: `, cors: { origins: [https://app.example.com], credentials: true }, auth: { keys: ./keys.txt, header: X-API-Key }, rateLimit: { rate: 1000000/s, by: ip },
    headers: { request: { set: { X-Team: db }, remove: [Cookie] }, answer: { set: { X-Frame-Options: DENY } } }`,
    files: { 'keys.txt': keysFile({ bench: API_KEY }) },
    field: `X-API-Key: ${API_KEY}`,
  }),
  portwayPeer({
    name: 'portway admin',
    about: 'with the admin listener, at which nobody looks',
    cases: ['small', 'half'],
    settings: QUIET,
    admin: true,
  }),
  portwayPeer({
    name: 'portway watched',
    about: 'with the dashboard’s stream of exchanges open, and read',
    cases: ['small', 'half'],
    settings: QUIET,
    admin: true,
    watched: '/events',
  }),
  portwayPeer({
    name: 'portway 1 worker',
    about: 'through one worker of `workers:`',
    cases: ['small'],
    settings: `${QUIET}workers: 1\n`,
  }),
  portwayPeer({
    name: 'portway general',
    about: 'by the general lane (`lane: general`): node:http and Fastify',
    cases: ['small', '10k', '1m', 'post'],
    settings: QUIET,
    route: ', lane: general',
  }),
  portwayPeer({
    name: 'portway extend',
    about: 'a route extended in code, with one hook, through @fastify/http-proxy',
    cases: ['small'],
    settings: QUIET,
    route: ', extend: ./extension.ts',
    files: { 'extension.ts': 'export default { preHandler: (_request, _reply, done) => done() };\n' },
  }),
];

/** Portway as its user starts it: a YAML file and `portway start`. */
function portwayPeer(variant: Variant): Peer {
  return {
    name: variant.name,
    about: variant.about,
    cases: variant.cases ?? cases.map(({ name }) => name),
    ...(variant.field === undefined ? {} : { field: variant.field }),
    ...(variant.watched === undefined ? {} : { watched: variant.watched }),
    find: findPortway,
    launch: (_installed, wiring) => ({
      command: [process.execPath, PORTWAY, 'start', '--config', `${wiring.folder}/gateway.config.yaml`],
      env: { NODE_ENV: 'production' },
      files: { 'gateway.config.yaml': configuration(wiring, variant), ...variant.files },
    }),
  };
}

function findPortway(): Installed {
  const path = fileURLToPath(new URL('../../../package.json', import.meta.url));
  return { path, version: packageVersion(path) };
}

function configuration(wiring: Wiring, variant: Variant): string {
  const { port, adminPort, originPort, pathPrefix, cached, certificate } = wiring;
  const tls = certificate && `tls: { certificates: ${JSON.stringify(certificate)} }\n`;
  return `port: ${port}
host: 127.0.0.1
admin: ${variant.admin ? adminPort : false}
${variant.settings ?? ''}${tls ?? ''}routes:
  ${pathPrefix}: { to: ${originPort}${cached ? `, cache: { maxSize: ${CACHE_MIB}MiB }` : ''}${variant.route ?? ''} }
${variant.others ?? ''}`;
}
