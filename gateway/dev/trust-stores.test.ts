import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../proof/testing/program.ts';
import { devAuthority } from '../tls/dev-authority.ts';
import { trustInBrowsers, untrustInBrowsers } from './trust-stores.ts';

const isInstalled = spawnSync('certutil', ['-H']).error === undefined;

/** The home of a user with Firefox, and an authority in it. */
async function home() {
  const folder = await temporaryFolder();
  return { folder, authority: await devAuthority(join(folder, 'ca')) };
}

const listed = (database: string) =>
  execFileSync('certutil', ['-L', '-d', `sql:${database}`], { encoding: 'utf8' });

describe.skipIf(!isInstalled)(
  'browsers (with certutil of libnss3-tools, which is not installed where this is skipped)',
  () => {
    it('trust the authority, Chromium and each profile of Firefox, and take it back', async () => {
      const { folder, authority } = await home();
      const profile = join(folder, '.mozilla', 'firefox', 'abc.default');
      const chromium = join(folder, '.pki', 'nssdb');
      await mkdir(profile, { recursive: true });
      execFileSync('certutil', ['-N', '-d', `sql:${profile}`, '--empty-password']);
      // A second time changes nothing.
      for (const _ of [1, 2])
        expect((await trustInBrowsers(authority, folder)).map(({ done }) => done)).toEqual([true, true]);
      for (const database of [chromium, profile])
        expect(listed(database)).toMatch(new RegExp(`^${authority.name} +C,,`, 'm'));
      expect((await untrustInBrowsers(authority, folder)).map(({ text }) => text)).toEqual([
        'it was removed',
        'it was removed',
      ]);
      for (const database of [chromium, profile]) expect(listed(database)).not.toContain(authority.name);
      expect((await untrustInBrowsers(authority, folder)).map(({ text }) => text)).toEqual([
        'it is not there',
        'it is not there',
      ]);
    });
  },
);
