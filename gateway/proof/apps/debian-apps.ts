/** Applications of Debian packages. */
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
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

const rabbitmq: App = {
  name: 'rabbitmq',
  title: 'RabbitMQ (management)',
  source: { debian: 'rabbitmq-server' },
  setting: '`management.path_prefix = /rabbitmq`, `strip: false`',
  told: { strip: false },
  async prepare({ data, port, spare, prefix }) {
    const lines = [
      `listeners.tcp.default = 127.0.0.1:${spare}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${port}`,
    ];
    if (prefix !== '') lines.push(`management.path_prefix = ${prefix}`);
    writeFileSync(join(data, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
    writeFileSync(join(data, 'enabled_plugins'), '[rabbitmq_management].\n');
  },
  command: () => ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
  env: ({ data, port }) => ({
    HOME: data,
    RABBITMQ_NODENAME: `proof${port}@localhost`,
    RABBITMQ_CONFIG_FILE: join(data, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(data, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(data, 'mnesia'),
    RABBITMQ_LOG_BASE: join(data, 'log'),
    RABBITMQ_PID_FILE: join(data, 'pid'),
  }),
  /** One logs in, and a queue is added. */
  async job(page) {
    await page.fill('input[name="username"]', 'guest');
    await page.fill('input[name="password"]', 'guest');
    await page.getByRole('button', { name: 'Login' }).click();
    await page.locator('#tabs').getByRole('link', { name: 'Queues' }).click();
    await page.getByRole('heading', { name: 'Add a new queue' }).click();
    await page.fill('input[name="name"]', 'tasks');
    await page.getByRole('button', { name: 'Add queue' }).click();
    await page.locator('#main').getByRole('link', { name: 'tasks' }).first().waitFor();
  },
};

const dokuwiki: App = {
  name: 'wiki',
  title: 'DokuWiki',
  source: { debian: 'dokuwiki' },
  setting: "`$conf['basedir'] = '/wiki/'` in local.php",
  told: { strip: true },
  async prepare({ data, prefix }) {
    cpSync('/usr/share/dokuwiki', join(data, 'wiki'), { recursive: true, dereference: true });
    rmSync(join(data, 'wiki/data'), { recursive: true, force: true });
    cpSync('/var/lib/dokuwiki/data', join(data, 'data'), { recursive: true, dereference: true });
    const conf = [`$conf['title'] = 'Wiki';`, `$conf['useacl'] = 0;`, `$conf['savedir'] = '${data}/data';`];
    if (prefix !== '') conf.push(`$conf['basedir'] = '${prefix}/';`);
    cpSync('/etc/dokuwiki', join(data, 'conf'), { recursive: true, dereference: true });
    writeFileSync(join(data, 'conf/local.php'), `<?php\n${conf.join('\n')}\n`);
    writeFileSync(join(data, 'wiki/inc/preload.php'), `<?php\ndefine('DOKU_CONF', '${data}/conf/');\n`);
  },
  command: ({ port, data }) => ['php', '-S', `127.0.0.1:${port}`, '-t', join(data, 'wiki')],
  /** A page is written, and read. */
  async job(page) {
    await page.goto(new URL('doku.php?id=start&do=edit', page.url()).href);
    await page.fill('textarea[name="wikitext"]', '====== Read by a proof ======');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Read by a proof' }).waitFor();
  },
};

const netdata: App = {
  name: 'netdata',
  title: 'Netdata',
  source: { debian: 'netdata' },
  setting: 'nothing: its links are relative',
  told: { strip: true },
  async prepare({ data, port }) {
    const sections = {
      global: [`run as user = ${userInfo().username}`],
      directories: ['cache', 'lib', 'log'].map((kind) => `${kind} = ${data}`),
      web: [`default port = ${port}`, 'bind to = 127.0.0.1'],
      plugins: ['apps', 'ebpf', 'go.d', 'python.d'].map((plugin) => `${plugin} = no`),
    };
    const text = Object.entries(sections).map(([name, lines]) => [`[${name}]`, ...lines, ''].join('\n'));
    writeFileSync(join(data, 'netdata.conf'), text.join(''));
  },
  command: ({ data }) => [
    ...['/usr/sbin/netdata', '-D', '-c', join(data, 'netdata.conf'), '-P', join(data, 'pid')],
  ],
  /** Its page has asked the daemon, and draws. */
  async job(page) {
    await page.getByText('System Overview').first().waitFor();
    await page.locator('.netdata-chart, [data-netdata] canvas, [data-netdata] svg').first().waitFor();
  },
};

const qbittorrent: App = {
  name: 'qbittorrent',
  title: 'qBittorrent',
  source: { debian: 'qbittorrent-nox' },
  setting: 'that `Host` may be another: `WebUI\\HostHeaderValidation=false`',
  told: { strip: true },
  async prepare({ data, port }) {
    mkdirSync(join(data, 'qBittorrent/config'), { recursive: true });
    const lines = [
      '[LegalNotice]',
      'Accepted=true',
      '[Preferences]',
      `WebUI\\Port=${port}`,
      'WebUI\\Address=127.0.0.1',
      'WebUI\\LocalHostAuth=false',
      'WebUI\\HostHeaderValidation=false',
      'Bittorrent\\DHT=false',
    ];
    writeFileSync(join(data, 'qBittorrent/config/qBittorrent.conf'), `${lines.join('\n')}\n`);
  },
  command: ({ port, data }) => ['qbittorrent-nox', `--profile=${data}`, `--webui-port=${port}`],
  /** Its page has asked the daemon how fast it is. */
  async job(page) {
    await page.locator('#DlInfos', { hasText: 'B/s' }).waitFor();
  },
};

const django: App = {
  name: 'django',
  title: 'Django (admin)',
  source: { debian: 'python3-django' },
  setting: "`FORCE_SCRIPT_NAME = '/django'` in settings.py",
  told: { strip: true },
  async prepare({ data, prefix }) {
    await run('/usr/bin/django-admin', ['startproject', 'site1', data]);
    appendFileSync(join(data, 'site1/settings.py'), prefix && `\nFORCE_SCRIPT_NAME = '${prefix}'\n`);
    const manage = (...args: string[]) => run('/usr/bin/python3', ['manage.py', ...args], data, DJANGO_ENV);
    await manage('migrate');
    await manage('createsuperuser', '--noinput', '--username=alice', '--email=alice@localhost');
  },
  command: ({ port, data }) => [
    ...['/usr/bin/python3', join(data, 'manage.py'), 'runserver', '--noreload', `127.0.0.1:${port}`],
  ],
  /** One logs in, and adds a user. */
  async job(page) {
    await page.goto(new URL('admin/', page.url()).href);
    await page.fill('#id_username', 'alice');
    await page.fill('#id_password', DJANGO_ENV.DJANGO_SUPERUSER_PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('.model-user .addlink').click();
    await page.fill('#id_username', `bob-${Date.now()}`);
    await page.fill('#id_password1', 'a long word of the proof');
    await page.fill('#id_password2', 'a long word of the proof');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('was added successfully').waitFor();
  },
};

const DJANGO_ENV = { ...process.env, DJANGO_SUPERUSER_PASSWORD: 'a password of the proof' };

const mediawiki: App = {
  name: 'mediawiki',
  title: 'MediaWiki',
  source: { debian: 'mediawiki php-cli php-sqlite3' },
  setting:
    "`$wgScriptPath = '/mediawiki';` and `$wgAssumeProxiesUseDefaultProtocolPorts = false;` in LocalSettings.php, `strip: false`",
  told: { strip: false },
  async prepare({ data, prefix }) {
    symlinkSync('/usr/share/mediawiki', join(data, 'mediawiki'));
    const database = ['--dbtype=sqlite', '--dbname=wiki', `--dbpath=${data}`, `--confpath=${data}`];
    const place = [`--scriptpath=${prefix}`, '--server=http://localhost'];
    const install = '/usr/share/mediawiki/maintenance/install.php';
    await run('php', [install, ...database, ...place, `--pass=${WIKI_PASSWORD}`, 'Wiki', 'Alice']);
    // It is reached by a path and at a name; without the first, it takes any `X-Forwarded-Proto` to mean port 80 or 443.
    const server = '$wgServer = WebRequest::detectServer(false);';
    appendFileSync(
      join(data, 'LocalSettings.php'),
      `$wgAssumeProxiesUseDefaultProtocolPorts = false;\n${server}\n`,
    );
  },
  command: ({ port, data, prefix }) => [
    ...['php', '-S', `127.0.0.1:${port}`, '-t', prefix === '' ? '/usr/share/mediawiki' : data],
  ],
  env: ({ data }) => ({ MW_CONFIG_FILE: join(data, 'LocalSettings.php'), PHP_CLI_SERVER_WORKERS: '4' }),
  /** One logs in, and writes a page. */
  async job(page) {
    await page.getByRole('link', { name: 'Log in' }).first().click();
    await page.fill('input[name="wpName"]', 'Alice');
    await page.fill('input[name="wpPassword"]', WIKI_PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).first().click();
    await page.fill('#wpTextbox1', 'Read by a proof');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.locator('#mw-content-text', { hasText: 'Read by a proof' }).waitFor();
  },
};

const WIKI_PASSWORD = 'a password of the proof';

export const DEBIAN_APPS: readonly App[] = [
  ...[jupyter, prometheus, adminer, transmission, syncthing, rabbitmq, dokuwiki, netdata, qbittorrent],
  ...[django, mediawiki],
];
