/** Development servers of front ends: their module graph loads, and an edit is seen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
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

/** A button counts: its page is alive, which a button may be some time after it is there. */
async function counts(page: Page): Promise<void> {
  const button = (name: string) => page.getByRole('button', { name });
  await button('count is 0').waitFor();
  await page.waitForLoadState('networkidle').catch(() => {});
  await button('count is 0').click();
  await button('count is 1').waitFor();
}

const COUNTER = '<button>count is 0</button>';
const COUNTED =
  'let count = 0;\nexport function counted() {\n  const button = document.querySelector("button")!;\n  button.onclick = () => { count++; button.textContent = "count is " + count; };\n}\n';

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

const astro: App = {
  name: 'astro',
  title: 'Astro',
  notTold: 'its development server writes `/@vite/client` all the same',
  source: {
    npm: 'astro',
    packages: ['astro@7.3.5'],
    files: {
      'astro.config.mjs': 'export default { base: process.env.BASE_PATH, devToolbar: { enabled: false } };\n',
      'src/pages/index.astro': `<html lang="en"><body>${COUNTER}<script>\nimport { counted } from '../counted.ts';\ncounted();\n</script></body></html>\n`,
      'src/counted.ts': COUNTED,
    },
  },
  setting: "`base: '/astro'` in astro.config, `strip: false`",
  told: { strip: false },
  command: ({ port }) => ['astro', 'dev', '--host', '127.0.0.1', '--port', String(port)],
  env: ({ prefix }) => ({ ASTRO_TELEMETRY_DISABLED: '1', ...(prefix !== '' && { BASE_PATH: prefix }) }),
  async job(page, place) {
    await counts(page);
    await edited(place, 'src/pages/index.astro', () =>
      page.getByRole('button', { name: /sum is/ }).waitFor(),
    );
  },
};

const sveltekit: App = {
  name: 'kit',
  title: 'SvelteKit',
  source: {
    npm: '@sveltejs/kit',
    packages: [
      ...['@sveltejs/kit@3.2.0', '@sveltejs/vite-plugin-svelte@7.3.1', 'svelte@5.57.3', 'vite@8.4.0'],
      'typescript@6.0.2',
    ],
    files: {
      'package.json': '{ "private": true, "type": "module" }\n',
      'vite.config.js':
        "import { sveltekit } from '@sveltejs/kit/vite';\nconst paths = { base: process.env.BASE_PATH ?? '' };\nexport default { plugins: [sveltekit({ paths })] };\n",
      'src/app.html':
        '<!doctype html><html lang="en"><head>%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>\n',
      'src/routes/+page.svelte':
        '<script>\n  let count = $state(0);\n</script>\n<button onclick={() => count++}>count is {count}</button>\n<a href="other">other</a>\n',
      'src/routes/other/+page.svelte': '<h1>The other page</h1>\n',
    },
  },
  setting: "`paths: { base: '/kit' }` in vite.config, `strip: false`",
  told: { strip: false },
  command: ({ port }) => ['vite', 'dev', '--host', '127.0.0.1', '--port', String(port), '--strictPort'],
  env: ({ prefix }) => (prefix === '' ? {} : { BASE_PATH: prefix }),
  async job(page, place) {
    await counts(page);
    await edited(place, 'src/routes/+page.svelte', () =>
      page.getByRole('button', { name: /sum is/ }).waitFor(),
    );
    await page.getByRole('link', { name: 'other' }).click();
    await page.getByRole('heading', { name: 'The other page' }).waitFor();
  },
};

const nuxt: App = {
  name: 'nuxt',
  title: 'Nuxt',
  source: {
    npm: 'nuxt',
    packages: ['nuxt@4.5.2'],
    files: {
      'package.json': '{ "private": true, "type": "module" }\n',
      'nuxt.config.ts': 'export default { devtools: { enabled: false }, telemetry: false };\n',
      'app/app.vue':
        '<script setup>\nconst count = ref(0);\n</script>\n<template><button @click="count++">count is {{ count }}</button></template>\n',
    },
  },
  setting: '`NUXT_APP_BASE_URL=/nuxt/`, `strip: false`',
  told: { strip: false },
  command: ({ port }) => ['nuxt', 'dev', '--host', '127.0.0.1', '--port', String(port), '--no-fork'],
  env: ({ prefix }) => ({
    NUXT_TELEMETRY_DISABLED: '1',
    ...(prefix !== '' && { NUXT_APP_BASE_URL: `${prefix}/` }),
  }),
  async job(page, place) {
    await counts(page);
    await edited(place, 'app/app.vue', () => page.getByRole('button', { name: /sum is/ }).waitFor());
  },
};

const storybook: App = {
  name: 'storybook',
  title: 'Storybook',
  notTold: 'the frame of its stories asks for `/@id`',
  source: {
    npm: 'storybook',
    packages: ['storybook@10.6.0', '@storybook/html-vite@10.6.0', 'vite@8.4.0'],
    files: {
      'package.json': '{ "private": true, "type": "module" }\n',
      '.storybook/main.js':
        "export default { framework: '@storybook/html-vite', stories: ['../src/*.stories.js'], core: { disableTelemetry: true } };\n",
      'src/button.stories.js':
        "export default { title: 'Button', render: () => '<button>count is 0</button>' };\nexport const Plain = {};\n",
    },
  },
  setting: 'nothing tells it',
  told: { strip: true },
  command: ({ port }) => [
    ...['storybook', 'dev', '--ci', '--host', '127.0.0.1', '--port', String(port), '--exact-port'],
    ...['--disable-telemetry'],
  ],
  /** The story is shown in its frame, and an edit of it is seen. */
  async job(page, place) {
    const button = (name: string) =>
      page.frameLocator('#storybook-preview-iframe').getByRole('button', { name });
    await button('count is 0').waitFor();
    await edited(place, 'src/button.stories.js', () => button('sum is 0').waitFor());
  },
};

const ROUTES = `
import { Component } from '@angular/core';
@Component({ selector: 'app-first', template: '<h2>The first page</h2>' })
class First {}
@Component({ selector: 'app-second', template: '<h2>The second page</h2>' })
class Second {}
export const routes = [{ path: '', component: First }, { path: 'second', component: Second }];
`;

const angular: App = {
  name: 'angular',
  title: 'Angular (`ng serve`)',
  notAtPath: 'its router follows `<base>`',
  source: {
    npm: '@angular/cli',
    project: ['@angular/cli@22.2.7', 'new', 'app', '--skip-git', '--defaults', '--skip-install'],
    packages: [],
    files: {
      'src/app/app.routes.ts': ROUTES,
      'src/app/app.html': '<a routerLink="/second">second</a><router-outlet />\n',
      'src/app/app.ts':
        "import { Component } from '@angular/core';\nimport { RouterLink, RouterOutlet } from '@angular/router';\n@Component({ imports: [RouterLink, RouterOutlet], selector: 'app-root', templateUrl: './app.html' })\nexport class App {}\n",
    },
  },
  setting: '`"baseHref": "/angular/"` in angular.json, `strip: false`',
  told: { strip: false },
  async prepare({ project, prefix }) {
    const file = join(project, 'angular.json');
    const workspace = JSON.parse(readFileSync(file, 'utf8'));
    workspace.projects.app.architect.build.options.baseHref = `${prefix}/`;
    writeFileSync(file, JSON.stringify(workspace));
  },
  command: ({ port }) => ['ng', 'serve', '--host', '127.0.0.1', '--port', String(port)],
  env: () => ({ NG_CLI_ANALYTICS: 'false' }),
  /** Its router shows the first page, and the second by a click. */
  async job(page) {
    await page.getByRole('heading', { name: 'The first page' }).waitFor();
    await page.getByRole('link', { name: 'second' }).click();
    await page.getByRole('heading', { name: 'The second page' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'The second page' }).waitFor();
  },
};

const vitepress: App = {
  name: 'vitepress',
  title: 'VitePress',
  source: {
    npm: 'vitepress',
    packages: ['vitepress@1.6.4', 'vue@3.5.45'],
    files: {
      'package.json': '{ "private": true, "type": "module" }\n',
      '.vitepress/config.js': "export default { base: process.env.BASE_PATH ?? '/' };\n",
      'index.md': '# The first\n\n[second page](/second)\n',
      'second.md': '# The second\n',
    },
  },
  setting: "`base: '/vitepress/'` in .vitepress/config, `strip: false`",
  told: { strip: false },
  command: ({ port }) => ['vitepress', 'dev', '--host', '127.0.0.1', '--port', String(port), '--strictPort'],
  env: ({ prefix }) => (prefix === '' ? {} : { BASE_PATH: `${prefix}/` }),
  /** A page opens by a click. */
  async job(page) {
    await page.getByRole('link', { name: 'second page' }).click();
    await page.getByRole('heading', { name: 'The second' }).waitFor();
  },
};

const MORE: readonly App[] = [astro, sveltekit, nuxt, storybook, angular, vitepress];
export const DEV_SERVERS: readonly App[] = [vite, next, docusaurus, ...MORE];
