import { findProgram, type Installed } from '../../testing/machine.ts';
import { CACHE_MIB, cases } from '../cases.ts';
import type { Peer, Wiring } from '../peer.ts';
import { nginxMain } from './nginx-main.ts';

/** The yardstick: every figure is a multiple of nginx's. */
export const nginx: Peer = nginxPeer(
  'nginx',
  'one worker, its default buffers (8 of 4 KiB per answer, then a file)',
  '',
  cases.map(({ name }) => name),
);

/** For large answers: nginx with larger buffers, and no file behind them. */
export const nginxBuffers: Peer = nginxPeer(
  'nginx+buffers',
  'one worker, 16 buffers of 64 KiB per answer, no file',
  `      proxy_buffers 16 64k;
      proxy_buffer_size 64k;
      proxy_busy_buffers_size 128k;
      proxy_max_temp_file_size 0;
`,
  ['10k', '1m'],
);

export function findNginx(): Installed | null {
  return findProgram('nginx', ['-v'], /nginx\/(\S+)/);
}

const UPGRADE = '      proxy_set_header Upgrade $http_upgrade;\n      proxy_set_header Connection "upgrade";';

function nginxPeer(name: string, about: string, buffers: string, taking?: readonly string[]): Peer {
  return {
    name,
    about,
    ...(taking ? { cases: taking } : {}),
    find: findNginx,
    launch: (installed, wiring) => ({
      command: [installed.path, '-e', `${wiring.folder}/error.log`, '-c', `${wiring.folder}/nginx.conf`],
      files: { 'nginx.conf': configuration(wiring, buffers) },
    }),
  };
}

// The numbers of requests are raised so that no connection is renewed within a run, on either side.
const CACHE = `      proxy_cache kept;
      proxy_cache_key $scheme$http_host$request_uri;
`;

function configuration(
  { folder, port, originPort, pathPrefix, tunnel, cached, certificate }: Wiring,
  buffers: string,
): string {
  const kept = cached
    ? `  proxy_cache_path ${folder}/kept keys_zone=kept:2m max_size=${CACHE_MIB}m;\n  open_file_cache max=500;\n`
    : '';
  const tls = certificate
    ? `    ssl_certificate ${certificate.cert};\n    ssl_certificate_key ${certificate.key};\n    ssl_protocols TLSv1.3;\n`
    : '';
  return nginxMain(
    folder,
    `${kept}  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024${certificate ? ' ssl http2' : ''};
${tls}    location ${pathPrefix}/ {
      proxy_pass http://origin/;
      client_body_buffer_size 64k;
      proxy_http_version 1.1;
${tunnel ? UPGRADE : '      proxy_set_header Connection "";'}
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
${buffers}${cached ? CACHE : ''}    }
  }`,
  );
}
