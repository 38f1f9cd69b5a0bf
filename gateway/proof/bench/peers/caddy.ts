import { findProgram } from '../../testing/machine.ts';
import type { Peer, Wiring } from '../peer.ts';

export const caddy: Peer = {
  name: 'caddy',
  about: 'one OS thread for Go code (GOMAXPROCS=1)',
  cases: ['small', '10k', '1m', 'post', 'websocket'],
  find: () => findProgram('caddy', ['version'], /^v?(\S+)/),
  launch: (installed, wiring) => ({
    command: [installed.path, 'run', '--adapter', 'caddyfile', '--config', `${wiring.folder}/Caddyfile`],
    // By default Caddy keeps state in its user's home.
    env: {
      GOMAXPROCS: '1',
      HOME: wiring.folder,
      XDG_DATA_HOME: wiring.folder,
      XDG_CONFIG_HOME: wiring.folder,
    },
    files: { Caddyfile: configuration(wiring) },
  }),
};

// Without the larger idle pool half of the 64 connections would be opened anew for every request (the default keeps 32).
function configuration({ port, originPort, pathPrefix }: Wiring): string {
  return `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  handle_path ${pathPrefix}/* {
    reverse_proxy 127.0.0.1:${originPort} {
      transport http {
        keepalive_idle_conns_per_host 128
      }
    }
  }
}
`;
}
