import { expect, test } from 'vitest';
import { loadContent } from '../../config/load.ts';
import { portway, portwayLogging } from './portway.ts';

test.each([
  [portway.name, portway, false],
  [portwayLogging.name, portwayLogging, true],
])('%s is measured with a configuration that Portway takes', async (_name, peer, access) => {
  const wiring = { folder: '/none', port: 20001, originPort: 20002, pathPrefix: '/svc' };
  const { files = {} } = peer.launch({ path: '', version: '' }, wiring);
  const text = files['gateway.config.yaml'] ?? '';
  expect(await loadContent({ ok: true, text, hash: '' }, 'gateway.config.yaml', {})).toMatchObject({
    ok: true,
    config: { port: 20001, admin: null, log: { access } },
  });
});
