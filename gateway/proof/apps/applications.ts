import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';

/** An application by its default settings: where it comes from, how it is started, and its main job in a browser. */
export interface App {
  /** Of its route. */
  readonly name: string;
  readonly title: string;
  /** What makes the catcher unnecessary. */
  readonly setting: string;
  /** A program of a Debian package, without which it is skipped. */
  readonly needs?: string;
  install?(folder: string): Promise<void>;
  folder?(folder: string): string;
  command(port: number, folder: string): readonly string[];
  job(page: Page, folder: string): Promise<void>;
}

const run = promisify(execFile);
const npm = (folder: string, ...args: string[]) => run('npm', args, { cwd: folder });

const vite: App = {
  name: 'vite',
  title: 'Vite (React template)',
  setting: '`base`, with `strip: false`',
  async install(folder) {
    await npm(folder, 'create', '-y', 'vite@8', 'app', '--', '--template', 'react-ts', '--no-interactive');
    await npm(join(folder, 'app'), 'install', '--loglevel=error');
  },
  folder: (folder) => join(folder, 'app'),
  command: (port) => ['npx', 'vite', '--port', String(port), '--strictPort'],
  /** The module graph loads, the page works, and an edit is seen without a reload. */
  async job(page, folder) {
    await page.getByRole('button', { name: /count is 0/i }).click({ timeout: 20_000 });
    await page.getByRole('button', { name: /count is 1/i }).waitFor({ timeout: 5_000 });
    const file = join(folder, 'app/src/App.tsx');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, before.replace(/count is/i, 'sum is'));
    try {
      await page.getByRole('button', { name: /sum is 1/i }).waitFor({ timeout: 10_000 });
    } finally {
      writeFileSync(file, before);
    }
  },
};

const CHAT = `
import { createServer } from 'node:http';
import express from 'express';
import { Server } from 'socket.io';
const app = express();
const server = createServer(app);
const io = new Server(server);
app.get('/', (request, response) => response.send('<ul id="messages"></ul><form id="form"><input id="input"><button>Send</button></form><script src="/socket.io/socket.io.js"></script><script>const socket = io(); form.onsubmit = (event) => { event.preventDefault(); socket.emit("chat message", input.value); }; socket.on("chat message", (text) => { const item = document.createElement("li"); item.textContent = text; messages.append(item); });</script>'));
io.on('connection', (socket) => socket.on('chat message', (text) => io.emit('chat message', text)));
server.listen(process.env.PORT);
`;

const chat: App = {
  name: 'chat',
  title: 'socket.io (chat)',
  setting: '`path` of `io()`',
  async install(folder) {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'chat.js'), CHAT);
    await npm(folder, 'install', '--loglevel=error', 'express@5', 'socket.io@4');
  },
  command: () => [process.execPath, 'chat.js'],
  async job(page) {
    await page.fill('#input', 'hello');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#messages li', { hasText: 'hello' }).waitFor({ timeout: 10_000 });
  },
};

const prometheus: App = {
  name: 'prometheus',
  title: 'Prometheus (Debian)',
  needs: '/usr/bin/prometheus',
  setting: '`--web.external-url`, `--web.route-prefix=/`',
  async install(folder) {
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
  },
  command: (port, folder) => [
    'prometheus',
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ],
  /** A query is answered. */
  async job(page) {
    const answer = await page.evaluate(
      "fetch('/api/v1/query?query=vector(42)').then((answer) => answer.text())",
    );
    if (!String(answer).includes('42')) throw new Error(`the query was answered ${answer}`);
  },
};

export const APPS: readonly App[] = [vite, chat, prometheus];
