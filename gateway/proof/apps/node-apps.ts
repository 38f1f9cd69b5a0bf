/** Services from npm with a page of their own. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { App } from './app.ts';

const verdaccio: App = {
  name: 'verdaccio',
  title: 'verdaccio',
  notAtPath: 'its router reads the path',
  source: {
    npm: 'verdaccio',
    packages: ['verdaccio@6.10.4'],
    // One of its parts asks for a tag of node-fetch, which not all registries have.
    files: { 'package.json': '{ "private": true, "overrides": { "node-fetch": "2.7.0" } }\n' },
  },
  setting: '`url_prefix: /verdaccio/` in config.yaml',
  told: { strip: true },
  async prepare({ project, data, prefix }) {
    const config = readFileSync(join(project, 'node_modules/@verdaccio/config/build/conf/default.yaml'));
    writeFileSync(join(data, 'config.yaml'), `${config}\n${prefix && `url_prefix: ${prefix}/\n`}`);
    publish(join(data, 'storage'));
  },
  command: ({ port, data }) => [
    ...['verdaccio', '--listen', `127.0.0.1:${port}`, '--config', join(data, 'config.yaml')],
  ],
  /** Its page lists the package, and a search finds it and leads to its readme. */
  async job(page) {
    await page.getByText(PACKAGE, { exact: true }).first().waitFor();
    await page.getByRole('combobox').first().fill(PACKAGE);
    await page.getByRole('option', { name: PACKAGE }).first().click();
    await page.getByText('Read by a proof').first().waitFor();
  },
};

const PACKAGE = 'a-package-of-the-proof';

/** As verdaccio keeps what was published to it. */
function publish(storage: string): void {
  mkdirSync(join(storage, PACKAGE), { recursive: true });
  const version = {
    name: PACKAGE,
    version: '1.0.0',
    description: 'one',
    dist: { tarball: `http://localhost/${PACKAGE}/-/${PACKAGE}-1.0.0.tgz`, shasum: '' },
  };
  const time = { created: NOW, modified: NOW, '1.0.0': NOW };
  const manifest = { name: PACKAGE, versions: { '1.0.0': version }, 'dist-tags': { latest: '1.0.0' }, time };
  const text = JSON.stringify({
    ...manifest,
    readme: '# Read by a proof',
    users: {},
    _attachments: {},
    _uplinks: {},
  });
  writeFileSync(join(storage, PACKAGE, 'package.json'), text);
  writeFileSync(
    join(storage, '.verdaccio-db.json'),
    JSON.stringify({ list: [PACKAGE], secret: 'x'.repeat(32) }),
  );
}

const NOW = '2026-01-01T00:00:00.000Z';

const CHAT = `
import { createServer } from 'node:http';
import express from 'express';
import { Server } from 'socket.io';
const base = process.env.BASE_PATH ?? '';
const path = base === '' ? '' : JSON.stringify({ path: base + '/socket.io/' });
const app = express();
const server = createServer(app);
const io = new Server(server);
app.get('/', (request, response) => response.send('<ul id="messages"></ul><form id="form"><input id="input"><button>Send</button></form><script src="' + base + '/socket.io/socket.io.js"></script><script>const socket = io(' + path + '); form.onsubmit = (event) => { event.preventDefault(); socket.emit("chat message", input.value); }; socket.on("chat message", (text) => { const item = document.createElement("li"); item.textContent = text; messages.append(item); });</script>'));
io.on('connection', (socket) => socket.on('chat message', (text) => io.emit('chat message', text)));
server.listen(process.env.PORT, '127.0.0.1');
`;

const chat: App = {
  name: 'chat',
  title: 'socket.io (chat)',
  source: {
    npm: 'socket.io',
    packages: ['express@5.3.0', 'socket.io@4.8.4'],
    files: { 'package.json': '{ "private": true, "type": "module" }\n', 'chat.js': CHAT },
  },
  setting: "`io({ path: '/chat/socket.io/' })` in the page",
  told: { strip: true },
  command: () => [process.execPath, 'chat.js'],
  env: ({ port, prefix }) => ({ PORT: String(port), BASE_PATH: prefix }),
  /** A message arrives. */
  async job(page) {
    await page.fill('#input', 'hello');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#messages li', { hasText: 'hello' }).waitFor();
  },
};

const maildev: App = {
  name: 'maildev',
  title: 'maildev',
  source: { npm: 'maildev', packages: ['maildev@3.0.0'] },
  setting: '`--base-pathname /maildev`, `strip: false`',
  told: { strip: false },
  command: ({ port, spare, prefix }) => [
    ...['maildev', '--web', String(port), '--web-ip', '127.0.0.1'],
    ...['--smtp', String(spare), '--ip', '127.0.0.1'],
    ...(prefix === '' ? [] : ['--base-pathname', prefix]),
  ],
  /** A mail arrives on the page that is open. */
  async job(page, { spare }) {
    const subject = `hello ${Date.now()}`;
    await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(() => {});
    await sendMail(spare, subject);
    await page.getByText(subject).first().waitFor();
  },
};

/** RFC 5321, one command at a time. */
async function sendMail(port: number, subject: string): Promise<void> {
  const lines = ['HELO localhost', 'MAIL FROM:<a@localhost>', 'RCPT TO:<b@localhost>', 'DATA'];
  const mail = `From: a@localhost\r\nTo: b@localhost\r\nSubject: ${subject}\r\n\r\nx\r\n.`;
  const socket = connect(port, '127.0.0.1');
  try {
    for (const line of [...lines, mail, 'QUIT']) {
      await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
      socket.write(`${line}\r\n`);
    }
  } finally {
    socket.destroySoon();
  }
}

const jsonServer: App = {
  name: 'json-server',
  title: 'json-server',
  source: { npm: 'json-server', packages: ['json-server@0.17.4'] },
  setting: 'nothing: its links are relative',
  told: { strip: true },
  async prepare({ data }) {
    writeFileSync(join(data, 'db.json'), '{ "posts": [{ "id": 1, "title": "hello" }] }\n');
  },
  command: ({ port, data }) => [
    ...['json-server', '--host', '127.0.0.1', '--port', String(port), join(data, 'db.json')],
  ],
  /** Its page lists the resources, and one of them is read. */
  async job(page) {
    await page.getByRole('link', { name: /posts/ }).click();
    await page.getByText('"hello"').waitFor();
  },
};

/** Says something each second, in the editor's own sidebar. */
const FLOW = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    id: 'in',
    type: 'inject',
    z: 'tab',
    props: [{ p: 'payload' }],
    payload: 'hello',
    payloadType: 'str',
    repeat: '1',
    wires: [['out']],
    x: 100,
    y: 100,
  },
  {
    id: 'out',
    type: 'debug',
    z: 'tab',
    active: true,
    tosidebar: true,
    complete: 'payload',
    targetType: 'msg',
    wires: [],
    x: 300,
    y: 100,
  },
];

const nodeRed: App = {
  name: 'node-red',
  title: 'Node-RED',
  source: { npm: 'node-red', packages: ['node-red@5.0.7'] },
  setting: "`httpRoot: '/node-red'` in settings.js, `strip: false`",
  told: { strip: false },
  async prepare({ data, prefix }) {
    const settings = {
      uiHost: '127.0.0.1',
      flowFile: 'flows.json',
      httpRoot: prefix || '/',
      telemetry: { enabled: false },
      editorTheme: { tours: false },
    };
    writeFileSync(join(data, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
    writeFileSync(join(data, 'flows.json'), JSON.stringify(FLOW));
  },
  command: ({ port, data }) => [
    'node-red',
    '--userDir',
    data,
    '--port',
    String(port),
    '--settings',
    join(data, 'settings.js'),
  ],
  /** What the flow says comes to the editor (over its WebSocket), and a change is deployed. */
  async job(page) {
    await page.locator('#red-ui-workspace-chart').waitFor();
    await page.evaluate('RED.sidebar.show("debug")');
    await page.locator('.red-ui-debug-msg-payload', { hasText: 'hello' }).first().waitFor();
    await page.evaluate('RED.nodes.dirty(true)');
    await page.locator('#red-ui-header-button-deploy').click();
    await page.getByText('Successfully deployed').waitFor();
  },
};

const API = `
import express from 'express';
import { serve, setup } from 'swagger-ui-express';
const app = express();
const answers = { 200: { description: 'pets' } };
const paths = { '/pets': { get: { operationId: 'pets', responses: answers } } };
app.get('/pets', (request, response) => response.json(['Minka']));
app.use('/docs', serve, setup({ openapi: '3.0.0', info: { title: 'Pets', version: '1' }, servers: [{ url: (process.env.BASE_PATH ?? '') + '/' }], paths }));
app.get('/', (request, response) => response.redirect((process.env.BASE_PATH ?? '') + '/docs/'));
app.listen(process.env.PORT, '127.0.0.1');
`;

const swagger: App = {
  name: 'swagger',
  title: 'Swagger UI (Express)',
  source: {
    npm: 'swagger-ui-express',
    packages: ['express@5.3.0', 'swagger-ui-express@5.0.1'],
    files: { 'package.json': '{ "private": true, "type": "module" }\n', 'api.js': API },
  },
  setting: '`servers: [{ url: /swagger/ }]`',
  told: { strip: true },
  command: () => [process.execPath, 'api.js'],
  env: ({ port, prefix }) => ({ PORT: String(port), BASE_PATH: prefix }),
  /** A request is tried from its page, and the answer shown. */
  async job(page) {
    await page.locator('.opblock-summary-control').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table', { hasText: 'Minka' }).waitFor();
  },
};

const GRAPHQL = `
import { createServer } from 'node:http';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { createSchema, createYoga } from 'graphql-yoga';
const typeDefs = 'type Query { hello: String } type Subscription { count: Int }';
const count = { async *subscribe() { for (let count = 0; ; count++) { yield { count }; await new Promise((next) => setTimeout(next, 200)); } } };
const schema = createSchema({ typeDefs, resolvers: { Query: { hello: () => 'world' }, Subscription: { count } } });
const graphqlEndpoint = (process.env.BASE_PATH ?? '') + '/graphql';
createServer(createYoga({ schema, renderGraphiQL, graphqlEndpoint })).listen(process.env.PORT, '127.0.0.1');
`;

const yoga: App = {
  name: 'yoga',
  title: 'GraphQL Yoga (GraphiQL)',
  source: {
    npm: 'graphql-yoga',
    packages: ['graphql@16.12.0', 'graphql-yoga@5.24.1', '@graphql-yoga/render-graphiql@5.24.1'],
    files: { 'package.json': '{ "private": true, "type": "module" }\n', 'graphql.js': GRAPHQL },
  },
  setting: "`graphqlEndpoint: '/yoga/graphql'`, `strip: false`",
  told: { strip: false },
  command: () => [process.execPath, 'graphql.js'],
  env: ({ port, prefix }) => ({ PORT: String(port), BASE_PATH: prefix }),
  /** A subscription runs: events come one after the other. */
  async job(page) {
    await page.goto(new URL('graphql?query=subscription%7Bcount%7D', page.url()).href);
    await page.getByRole('button', { name: /execute/i }).click();
    await page.locator('.result-window', { hasText: /"count":\s[1-9]/ }).waitFor();
  },
};

export const NODE_APPS: readonly App[] = [...[verdaccio, chat, maildev, jsonServer, nodeRed, swagger, yoga]];
