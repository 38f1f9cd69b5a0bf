import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadContent } from '../../../config/load.ts';
import { temporaryFolder } from '../../testing/program.ts';
import { portway, portwayVariants } from './portway.ts';

test.each([portway, ...portwayVariants].map((peer) => [peer.name, peer] as const))(
  '%s is measured with a configuration that Portway takes',
  async (name, peer) => {
    const folder = await temporaryFolder();
    const wiring = {
      folder,
      port: 20001,
      originPort: 20002,
      adminPort: 20003,
      pathPrefix: '/svc',
      tunnel: false,
      cached: false,
      certificate: null,
    };
    const { files = {} } = peer.launch({ path: '', version: '' }, wiring);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const file = join(folder, 'gateway.config.yaml');
    const text = String(files['gateway.config.yaml']);
    const loaded = await loadContent({ ok: true, text, hash: '' }, file, {});
    const admin = /admin|watched/.test(name) ? { port: 20003 } : null;
    expect(loaded).toMatchObject({ ok: true, config: { port: 20001, admin } });
  },
);
