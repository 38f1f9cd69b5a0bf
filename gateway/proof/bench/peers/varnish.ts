import { findProgram } from '../../testing/machine.ts';
import { CACHE_MIB, cases } from '../cases.ts';
import type { Peer, Wiring } from '../peer.ts';

export const varnish: Peer = {
  name: 'varnish',
  about: `one pool of threads, ${CACHE_MIB} MiB by malloc`,
  cases: cases.filter(({ cached }) => cached).map(({ name }) => name),
  find: () => findProgram('varnishd', ['-V'], /varnish-(\S+)/),
  launch: (installed, wiring) => {
    const { folder, port } = wiring;
    const listens = ['-F', '-a', `127.0.0.1:${port}`, '-f', `${folder}/default.vcl`, '-n', `${folder}/work`];
    const memory = ['-s', `malloc,${CACHE_MIB}m`, '-p', 'thread_pools=1', '-p', 'thread_pool_min=80'];
    return {
      command: [installed.path, '-j', 'none', ...listens, ...memory],
      files: { 'default.vcl': configuration(wiring) },
    };
  },
};

function configuration({ originPort, pathPrefix }: Wiring): string {
  return `vcl 4.1;
backend origin { .host = "127.0.0.1"; .port = "${originPort}"; }
sub vcl_recv { set req.url = regsub(req.url, "^${pathPrefix}/", "/"); }
`;
}
