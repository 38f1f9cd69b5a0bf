import { findProgram, type Installed } from '../machine.ts';
import type { Peer, Wiring } from '../peer.ts';
import { nginxMain } from './nginx-main.ts';

/** The yardstick: every figure is given as a multiple of what nginx needs. */
export const nginx: Peer = {
  name: 'nginx',
  about: 'one worker, buffering as it is by default',
  find: findNginx,
  launch: (installed, wiring) => ({
    command: [installed.path, '-e', `${wiring.folder}/error.log`, '-c', `${wiring.folder}/nginx.conf`],
    files: { 'nginx.conf': configuration(wiring) },
  }),
};

export function findNginx(): Installed | null {
  return findProgram('nginx', ['-v'], /nginx\/(\S+)/);
}

// The numbers of requests are raised so that no connection is renewed within a run, on either side.
function configuration({ folder, port, originPort, pathPrefix }: Wiring): string {
  return nginxMain(
    folder,
    `  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location ${pathPrefix}/ {
      proxy_pass http://origin/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }`,
  );
}
