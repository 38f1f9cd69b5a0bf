import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../proof/testing/program.ts';
import { authorityFolder, devAuthority, readAuthority } from './dev-authority.ts';

const DAY_MS = 86_400_000;

async function emptyFolder(): Promise<string> {
  const folder = await temporaryFolder();
  return join(folder, 'made', 'by-us');
}

it('is made once, and its key is for its owner alone', async () => {
  const folder = await emptyFolder();
  expect(await readAuthority(folder)).toBeNull();
  const made = await devAuthority(folder);
  expect(await devAuthority(folder)).toEqual(made);
  expect(made.name).toMatch(/^Portway development CA \d{4}-\d\d-\d\d$/);
  expect(new X509Certificate(await readFile(made.file)).ca).toBe(true);
  expect((await stat(join(folder, 'ca-key.pem'))).mode & 0o777).toBe(0o600);
  expect(await readFile(made.file, 'utf8')).not.toContain('PRIVATE KEY');
});

it('is made anew in its last month, and where its file is damaged', async () => {
  const folder = await emptyFolder();
  const old = await devAuthority(folder, Date.now() - (10 * 365 - 20) * DAY_MS);
  const renewed = await devAuthority(folder);
  expect(renewed.cert).not.toBe(old.cert);
  await writeFile(join(folder, 'ca-key.pem'), renewed.key);
  expect((await devAuthority(folder)).cert).not.toBe(renewed.cert);
});

it('is one, whoever makes it at the same time', async () => {
  const folder = await emptyFolder();
  await Promise.all([devAuthority(folder), devAuthority(folder), devAuthority(folder)]);
  const kept = await readAuthority(folder);
  expect(await readFile(join(folder, 'ca.pem'), 'utf8')).toBe(kept?.cert);
});

it.each([
  [{ PORTWAY_CA: '/a' }, '/a'],
  [{ XDG_DATA_HOME: '/data', HOME: '/home/x' }, '/data/portway'],
  [{ HOME: '/home/x' }, '/home/x/.local/share/portway'],
])('with %o it is in %s', (env, folder) => {
  expect(authorityFolder(env)).toBe(folder);
});
