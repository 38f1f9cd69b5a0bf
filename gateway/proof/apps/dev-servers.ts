/** Development servers of front ends: their module graph loads, and an edit is seen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, AppInstance } from './app.ts';

/** The page shows an edit of a source, while it keeps its state. */
async function edited({ project }: AppInstance, source: string, seen: () => Promise<void>): Promise<void> {
  const file = join(project, source);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, before.replace(/count is/i, 'sum is'));
  try {
    await seen();
  } finally {
    writeFileSync(file, before);
  }
}

const vite: App = {
  name: 'vite',
  title: 'Vite (React template)',
  source: {
    npm: 'vite',
    project: ['create-vite@9.3.0', 'app', '--template', 'react-ts', '--no-interactive'],
    packages: ['vite@8.4.0', 'react@19.3.1', 'react-dom@19.3.1'],
  },
  setting: "`base: '/vite/'` in vite.config, `strip: false`",
  told: { strip: false },
  command: ({ port, prefix }) => [
    ...['vite', '--host', '127.0.0.1', '--port', String(port), '--strictPort'],
    ...(prefix === '' ? [] : ['--base', `${prefix}/`]),
  ],
  async job(page, place) {
    await page.getByRole('button', { name: /count is 0/i }).click();
    await page.getByRole('button', { name: /count is 1/i }).waitFor();
    await edited(place, 'src/App.tsx', () => page.getByRole('button', { name: /sum is 1/i }).waitFor());
  },
};

const next: App = {
  name: 'next',
  title: 'Next.js (`next dev`)',
  source: {
    npm: 'next',
    packages: ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1'],
    files: {
      'next.config.mjs': "export default { basePath: process.env.BASE_PATH ?? '' };\n",
      'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n',
      'app/page.js':
        "'use client';\nimport { useState } from 'react';\nexport default function Page() {\n  const [count, set] = useState(0);\n  return <button onClick={() => set(count + 1)}>count is {count}</button>;\n}\n",
    },
  },
  setting: "`basePath: '/next'` in next.config, `strip: false`",
  told: { strip: false },
  command: ({ port }) => ['next', 'dev', '-H', '127.0.0.1', '-p', String(port)],
  env: ({ prefix }) => ({ NEXT_TELEMETRY_DISABLED: '1', ...(prefix !== '' && { BASE_PATH: prefix }) }),
  async job(page, place) {
    const button = (name: string) => page.getByRole('button', { name });
    // The page is there before it is alive.
    await button('count is 0').waitFor();
    await page.waitForLoadState('networkidle').catch(() => {});
    await button('count is 0').click();
    await button('count is 1').waitFor();
    await edited(place, 'app/page.js', () => button('sum is 1').waitFor());
  },
};

const docusaurus: App = {
  name: 'docusaurus',
  title: 'Docusaurus (classic)',
  notAtPath: 'its router reads the path',
  source: {
    npm: '@docusaurus/core',
    project: ['create-docusaurus@3.10.2', 'app', 'classic', '--javascript', '--skip-install'],
    packages: [],
    edits: [['docusaurus.config.js', "baseUrl: '/'", "baseUrl: process.env.BASE_URL ?? '/'"]],
  },
  setting: "`baseUrl: '/docusaurus/'` in docusaurus.config, `strip: false`",
  told: { strip: false },
  command: ({ port }) => [
    ...['docusaurus', 'start', '--no-open', '--host', '127.0.0.1', '--port', String(port)],
  ],
  env: ({ prefix }) => (prefix === '' ? {} : { BASE_URL: `${prefix}/` }),
  /** A page of the documentation opens by a click. */
  async job(page) {
    await page.getByRole('link', { name: /Docusaurus Tutorial/ }).click();
    await page.getByRole('heading', { name: 'Tutorial Intro' }).waitFor();
  },
};

export const DEV_SERVERS: readonly App[] = [vite, next, docusaurus];
