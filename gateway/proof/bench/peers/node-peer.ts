import { fileURLToPath } from 'node:url';
import { findPackage } from '../../testing/machine.ts';
import type { Peer } from '../peer.ts';

/** A proxy that is an npm package: `programs/<program>` puts it to work, called with port, origin's port and path prefix. */
export function nodePeer(packageName: string, program: string, name: string, about: string): Peer {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  return {
    name,
    about,
    find: () => findPackage(packageName),
    launch: (_installed, { port, originPort, pathPrefix }) => ({
      command: [process.execPath, path, String(port), String(originPort), pathPrefix],
      env: { NODE_ENV: 'production' },
    }),
  };
}
