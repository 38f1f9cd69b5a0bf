import { fileURLToPath } from 'node:url';
import { type Installed, packageVersion } from '../machine.ts';
import type { Peer, Wiring } from '../peer.ts';

const binary = fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

export const portway: Peer = portwayPeer('portway', 'access log off, as for the others', false);

export const portwayLogging: Peer = portwayPeer(
  'portway+log',
  'the same with one access line for each exchange, written to /dev/null',
  true,
);

/** Portway as its user starts it: a YAML file and `portway start`. */
function portwayPeer(name: string, about: string, accessLog: boolean): Peer {
  return {
    name,
    about,
    find: findPortway,
    launch: (_installed, wiring) => ({
      command: [process.execPath, binary, 'start', '--config', `${wiring.folder}/gateway.config.yaml`],
      env: { NODE_ENV: 'production' },
      files: { 'gateway.config.yaml': configuration(wiring, accessLog) },
    }),
  };
}

function findPortway(): Installed {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url));
  return { path, version: packageVersion(path) };
}

function configuration({ port, originPort, pathPrefix }: Wiring, accessLog: boolean): string {
  return `port: ${port}
host: 127.0.0.1
admin: false
log: { access: ${accessLog} }
routes:
  ${pathPrefix}: ${originPort}
`;
}
