import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Bundles the dashboard into the files that the admin listener serves: `node build.ts [FOLDER]`. Libraries are bundled, too, so the gateway
 * depends on none of them, and a page loads nothing from elsewhere.
 */
const folder = process.argv[2] ?? fileURLToPath(new URL('./built', import.meta.url));
const entry = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const { outputFiles } = await build({
  entryPoints: { app: entry('./main.tsx'), look: entry('./style/look.css') },
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: ['chrome120', 'firefox121', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // In an image the repository's own settings are not there, and none of them matters here.
  tsconfigRaw: {},
  chunkNames: 'part-[name]-[hash]',
  outdir: folder,
  legalComments: 'none',
  write: false,
  logLevel: 'warning',
});
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const { path, contents } of outputFiles) await writeFile(path, contents);
