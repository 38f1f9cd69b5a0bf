import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { AcmeStore, acmeFolder, certificateFile, NOTHING_ORDERED } from '../acme/store.ts';
import { configurationOf } from '../proof/testing/configuration.ts';
import { runHere } from '../proof/testing/portway.ts';
import { configFile, temporaryFolder } from '../proof/testing/program.ts';
import { acmeWarnings, examineAcme } from './acme-diagnosis.ts';

async function configOf(acme: string, head = '') {
  const yaml = `${head}tls: { acme: { ${acme} } }\nroutes: { shop.example.com/: 3001 }\n`;
  const config = await configurationOf(yaml);
  return { config, acme: config.tls!.acme! };
}

test('check advises to begin with the staging directory, until there is a certificate', async () => {
  const folder = await temporaryFolder();
  const { config, acme } = await configOf(`folder: ${folder}`, 'port: 80\n');
  expect(await acmeWarnings(config, {})).toEqual([expect.stringContaining('letsencrypt-staging')]);
  const below = acmeFolder(acme, {});
  await mkdir(below);
  await writeFile(certificateFile(below, 'shop.example.com'), '');
  expect(await acmeWarnings(config, {})).toEqual([]);
});

test('check says that authorities come to port 80 or 443', async () => {
  const { config } = await configOf('directory: letsencrypt-staging', 'port: 3000\n');
  expect(await acmeWarnings(config, {})).toEqual([expect.stringContaining('listens on 3000')]);
  const file = await configFile(
    'tls: { acme: { directory: letsencrypt-staging } }\nroutes: { shop.example.com/: 3001 }\n',
  );
  expect((await runHere(['check', file])).stdout).toContain('listens on 3000');
});

test('doctor says that a name does not resolve, where it leads, and why the last order failed', async () => {
  const folder = await temporaryFolder();
  const { config, acme } = await configOf(
    `folder: ${folder}, names: [a.example.com, b.example.com], challenge: tls-alpn-01`,
  );
  const error = { type: 'caa', detail: 'not allowed by its CAA record' };
  const store = new AcmeStore(acmeFolder(acme, {}));
  await store.writeOrder('a.example.com', {
    ...NOTHING_ORDERED,
    failures: 1,
    nextTryAt: Date.UTC(2030, 0),
    error,
  });
  const findings = await examineAcme(config, {}, async (name) => (name.startsWith('b') ? ['127.0.0.9'] : []));
  expect(findings.map(({ level, where, what }) => `${level} ${where} ${what}`)).toEqual([
    expect.stringMatching(
      /wrong a\.example\.com the last order .* CAA record; the next try is at 2030-01-01/,
    ),
    expect.stringContaining('wrong a.example.com the name does not resolve'),
    expect.stringContaining('note b.example.com it leads to 127.0.0.9, which is no address of this machine'),
    expect.stringContaining('wrong b.example.com nothing answers at port 443 of 127.0.0.9'),
  ]);
});
