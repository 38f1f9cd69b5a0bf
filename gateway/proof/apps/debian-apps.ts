/** Applications of Debian packages. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, run } from './app.ts';

const jupyter: App = {
  name: 'jupyter',
  title: 'Jupyter Notebook',
  source: { debian: 'jupyter-notebook' },
  setting: '`--NotebookApp.base_url=/jupyter/`, `strip: false`',
  told: { strip: false },
  async prepare({ data }) {
    const code = { metadata: {}, outputs: [], execution_count: null, source: 'print(6 * 7)' };
    const kernelspec = { name: 'python3', display_name: 'Python 3', language: 'python' };
    const cells = [{ cell_type: 'code', ...code }];
    const notebook = { cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
    writeFileSync(join(data, 'sum.ipynb'), JSON.stringify(notebook));
  },
  command: ({ port, prefix }) => [
    ...['/usr/bin/jupyter', 'notebook', '--no-browser', '--allow-root', '--NotebookApp.token='],
    ...['--ip=127.0.0.1', `--port=${port}`, ...(prefix && [`--NotebookApp.base_url=${prefix}/`])],
  ],
  env: ({ data }) => ({ HOME: data, PATH: '/usr/bin:/bin' }),
  /** A notebook is opened, and its cell runs. */
  async job(page) {
    const link = page.getByRole('link', { name: 'sum.ipynb' });
    await link.waitFor();
    const [notebook] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await notebook.locator('#kernel_indicator_icon.kernel_idle_icon').waitFor({ timeout: 90_000 });
    await notebook.locator('.code_cell').first().click();
    await notebook.keyboard.press('Control+Enter');
    await notebook.locator('.output_stdout', { hasText: '42' }).waitFor();
  },
};

const prometheus: App = {
  name: 'prometheus',
  title: 'Prometheus',
  source: { debian: 'prometheus' },
  setting: '`--web.external-url=http://localhost:3000/prometheus/ --web.route-prefix=/`',
  told: { strip: true },
  async prepare({ data }) {
    writeFileSync(join(data, 'prometheus.yml'), 'global: {}\n');
  },
  command: ({ port, data, prefix }) => [
    ...['prometheus', `--config.file=${join(data, 'prometheus.yml')}`],
    ...[`--storage.tsdb.path=${join(data, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`],
    ...(prefix && [`--web.external-url=http://localhost${prefix}/`, '--web.route-prefix=/']),
  ],
  /** The page sends a query, and shows the answer. */
  async job(page) {
    await page.locator('textarea').fill('vector(42)');
    await page.getByRole('button', { name: /execute/i }).click();
    await page.locator('.console_table', { hasText: '42' }).waitFor();
  },
};

const adminer: App = {
  name: 'adminer',
  title: 'Adminer',
  source: { debian: 'adminer' },
  setting: 'nothing: its links are relative',
  told: { strip: true },
  async prepare({ data }) {
    copyFileSync('/usr/share/adminer/adminer.php', join(data, 'index.php'));
  },
  command: ({ port, data }) => ['php', '-S', `127.0.0.1:${port}`, '-t', data],
  /** The form is sent, and the answer of the database (here: that there is none) comes back to the page. */
  async job(page) {
    await page.fill('input[name="auth[server]"]', '127.0.0.1:1');
    await page.getByRole('button', { name: 'Login' }).click();
    await page.locator('.error').waitFor();
  },
};

const transmission: App = {
  name: 'torrents',
  title: 'Transmission',
  source: { debian: 'transmission-daemon' },
  setting: 'its own path: the route `/transmission`, `strip: false`',
  told: { path: '/transmission', page: 'web/', strip: false },
  command: ({ port, spare, data }) => [
    ...['transmission-daemon', '-f', '--no-auth', '--no-dht', '--no-lpd', '--no-portmap', '--no-utp'],
    ...['--config-dir', data, '--download-dir', data, '--peerport', String(spare)],
    ...['--bind-address-ipv4', '127.0.0.1', '--rpc-bind-address', '127.0.0.1', '--port', String(port)],
  ],
  /** Its page has asked the daemon, and says how many torrents there are. */
  async job(page) {
    await page.locator('#filter-count', { hasText: '0 Transfers' }).waitFor();
  },
};

const syncthing: App = {
  name: 'syncthing',
  title: 'Syncthing',
  source: { debian: 'syncthing' },
  setting: 'nothing: its links are relative',
  told: { strip: true },
  async prepare({ data, port, spare }) {
    await run('syncthing', ['generate', `--home=${data}`, '--no-default-folder']);
    const file = join(data, 'config.xml');
    const quiet = readFileSync(file, 'utf8')
      .replace(/<listenAddress>[^<]*/, `<listenAddress>tcp://127.0.0.1:${spare}`)
      .replace(
        /<(globalAnnounceEnabled|localAnnounceEnabled|relaysEnabled|natEnabled|crashReportingEnabled)>true/g,
        '<$1>false',
      )
      .replace(/<urAccepted>0/, '<urAccepted>-1')
      .replace(/<address>127\.0\.0\.1:8384/, `<address>127.0.0.1:${port}`);
    writeFileSync(file, quiet);
  },
  command: ({ data }) => ['syncthing', 'serve', '--no-browser', '--no-upgrade', `--home=${data}`],
  /** Its page has asked the daemon who it is. */
  async job(page) {
    await page.getByText('This Device').first().waitFor();
    await page
      .getByText(/v1\.\d+\.\d+/)
      .first()
      .waitFor();
  },
};

export const DEBIAN_APPS: readonly App[] = [jupyter, prometheus, adminer, transmission, syncthing];
