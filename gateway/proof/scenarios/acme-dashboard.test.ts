import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { acmeStage, failedOrder, NAME, oldCertificate } from '../testing/acme-stage.ts';
import { findChromium, launchBrowser, openPage } from '../testing/browser.ts';

const executable = findChromium();
const build = fileURLToPath(new URL('../../dashboard/build.ts', import.meta.url));

test.skipIf(executable === null)(
  'the dashboard says which certificate could not be had, and why',
  { timeout: 60_000 },
  async () => {
    const { gateway } = await acmeStage({
      keys: [`names: ${NAME}`],
      pebble: false,
      prepare: async (front, folder) => void (await oldCertificate(front, folder, 0.2)),
    });
    await failedOrder(gateway.adminPort);
    await promisify(execFile)(process.execPath, [build]);
    const browser = await launchBrowser(executable!);
    try {
      const { page } = await openPage(await browser.newContext(), `http://127.0.0.1:${gateway.adminPort}/`);
      const notice = page.getByRole('alert').filter({ hasText: NAME });
      await notice.waitFor();
      expect(await notice.textContent()).toMatch(
        /could not be had.*valid until 20\d\d-.*next try.*answered 404/,
      );
    } finally {
      await browser.close();
    }
  },
);
