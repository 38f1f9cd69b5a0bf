/**
 * Takes indentation and line ends out of the emitted program, which are an eighth of the packed tarball. Names stay, and files are small,
 * so that a stack trace still says where.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const [folder = 'dist'] = process.argv.slice(2);
const all = await readdir(folder, { recursive: true });
const emitted = all.filter((path) => path.endsWith('.js') && !path.includes('built'));
await build({
  entryPoints: emitted.map((path) => join(folder, path)),
  outdir: folder,
  outbase: folder,
  allowOverwrite: true,
  format: 'esm',
  minifyWhitespace: true,
  minifySyntax: true,
  target: 'esnext',
  logLevel: 'warning',
});
