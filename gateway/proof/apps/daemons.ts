/** Daemons of Debian packages whose page is beside their work. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from './app.ts';

const supervisor: App = {
  name: 'supervisor',
  title: 'Supervisor',
  source: { debian: 'supervisor' },
  setting: 'nothing: its links are relative',
  told: { strip: true },
  async prepare({ data, port }) {
    const sections = [
      `[supervisord]\nuser=root\nlogfile=${data}/log\npidfile=${data}/pid\nchildlogdir=${data}`,
      `[inet_http_server]\nport=127.0.0.1:${port}`,
      '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface',
      '[program:sleeper]\ncommand=sleep 1000\nstartsecs=0',
    ];
    writeFileSync(join(data, 'supervisor.conf'), `${sections.join('\n')}\n`);
  },
  command: ({ data }) => ['supervisord', '-n', '-c', join(data, 'supervisor.conf')],
  /** A program is restarted, which a redirect says. */
  async job(page) {
    await page.getByRole('link', { name: 'Restart', exact: true }).click();
    await page.getByText('Process sleeper restarted').waitFor();
  },
};

const radicale: App = {
  name: 'radicale',
  title: 'Radicale',
  source: { debian: 'radicale' },
  setting: '`headers: { request: { set: { X-Script-Name: /radicale } } }`',
  told: { strip: true, keys: ', headers: { request: { set: { X-Script-Name: /radicale } } }' },
  command: ({ data, port }) => [
    ...['radicale', '-H', `127.0.0.1:${port}`, '--auth-type', 'none'],
    ...['--storage-filesystem-folder', data],
  ],
  /** A calendar is made (MKCOL) and listed (PROPFIND). */
  async job(page) {
    const name = `calendar ${Date.now()}`;
    await page.locator('#loginscene input[data-name=user]').fill('anna');
    await page.locator('#loginscene button').first().click();
    await page.locator('#collectionsscene a[data-name=new]').click();
    await page.locator('#createcollectionscene input[data-name=displayname]').fill(name);
    await page.locator('#createcollectionscene button[data-name=submit]').click();
    await page.locator('#collectionsscene').getByText(name).first().waitFor();
  },
};

const znc: App = {
  name: 'znc',
  title: 'ZNC (webadmin)',
  source: { debian: 'znc' },
  setting: '`URIPrefix = /znc` in its listener, `strip: false`',
  told: { strip: false },
  async prepare({ data, port, prefix }) {
    mkdirSync(join(data, 'configs'));
    const uri = prefix && `  URIPrefix = ${prefix}\n`;
    const listener = `<Listener l>\n  Port = ${port}\n  Host = 127.0.0.1\n  IPv4 = true\n  IPv6 = false\n  SSL = false\n${uri}</Listener>\n`;
    const user = '<User admin>\n  Admin = true\n  Pass = plain#admin\n  Nick = admin\n</User>\n';
    const config = `Version = 1.8.2\nLoadModule = webadmin\n${listener}${user}`;
    writeFileSync(join(data, 'configs/znc.conf'), config);
  },
  command: ({ data }) => ['znc', '--foreground', '--allow-root', '-d', data],
  /** A login, and a page that only its cookie opens. */
  async job(page) {
    await page.locator('input[name=user]').first().fill('admin');
    await page.locator('input[name=pass]').first().fill('admin');
    await page.locator('input[type=submit]').first().click();
    await page.getByRole('link', { name: 'Global Settings' }).click();
    await page.getByText('Listen Port').first().waitFor();
  },
};

const deluge: App = {
  name: 'deluge',
  title: 'Deluge (web)',
  source: { debian: 'deluge-web' },
  setting: '`deluge-web --base /deluge/`',
  told: { strip: true },
  command: ({ port, data, prefix }) => [
    ...['deluge-web', '-d', '-i', '127.0.0.1', '-p', String(port), '-c', data],
    ...(prefix && ['--base', `${prefix}/`]),
  ],
  /** A login over JSON-RPC, and what comes behind it. */
  async job(page) {
    await page.locator('input[type=password]').first().fill('deluge');
    await page.getByRole('button', { name: 'Login' }).click();
    await page
      .getByText(/Connection Manager|change the default password/i)
      .first()
      .waitFor();
  },
};

export const DAEMONS: readonly App[] = [supervisor, radicale, znc, deluge];
