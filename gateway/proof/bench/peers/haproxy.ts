import { readFileSync } from 'node:fs';
import { findProgram } from '../../testing/machine.ts';
import { cases } from '../cases.ts';
import type { Peer, Wiring } from '../peer.ts';

export const haproxy: Peer = {
  name: 'haproxy',
  about: 'one thread, connections to the origin reused always',
  cases: cases.filter(({ cached }) => !cached).map(({ name }) => name),
  find: () => findProgram('haproxy', ['-v'], /version (\S+)/),
  launch: (installed, wiring) => ({
    command: [installed.path, '-db', '-f', `${wiring.folder}/haproxy.cfg`],
    files: {
      'haproxy.cfg': configuration(wiring),
      ...(wiring.certificate ? { 'certificate.pem': certificateAndKey(wiring.certificate) } : {}),
    },
  }),
};

/** HAProxy takes both out of one file. */
function certificateAndKey({ cert, key }: NonNullable<Wiring['certificate']>): string {
  return readFileSync(cert, 'utf8') + readFileSync(key, 'utf8');
}

function configuration({ folder, port, originPort, pathPrefix, certificate }: Wiring): string {
  const tls = certificate ? ` ssl crt ${folder}/certificate.pem alpn h2,http/1.1 ssl-min-ver TLSv1.3` : '';
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend in
  bind 127.0.0.1:${port}${tls}
  option forwardfor
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Proto ${certificate ? 'https' : 'http'}
  http-request replace-path ${pathPrefix}(/.*) \\1
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}
`;
}
