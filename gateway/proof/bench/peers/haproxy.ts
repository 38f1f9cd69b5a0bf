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
    files: { 'haproxy.cfg': configuration(wiring) },
  }),
};

function configuration({ port, originPort, pathPrefix }: Wiring): string {
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
  bind 127.0.0.1:${port}
  option forwardfor
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request set-header X-Forwarded-Proto http
  http-request replace-path ${pathPrefix}(/.*) \\1
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}
`;
}
