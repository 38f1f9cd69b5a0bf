import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../proof/testing/program.ts';
import { contentOf, MAX_FILE_BYTES, readContent } from './content.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder, 'gateway.config.yaml');
});

describe('a readable file', () => {
  it('is its text, and a hash that tells contents apart', async () => {
    await writeFile(file, 'routes: {}\n');
    const first = await readContent(file);
    expect(first).toMatchObject({ ok: true, text: 'routes: {}\n' });
    expect(await readContent(file)).toEqual(first);
    await writeFile(file, 'routes: { }\n');
    expect((await readContent(file)).hash).not.toBe(first.hash);
  });

  it('may be as large as the limit', async () => {
    await writeFile(file, Buffer.alloc(MAX_FILE_BYTES, '#'));
    expect(await readContent(file)).toMatchObject({ ok: true });
  });
});

describe('a file that can not be used is told apart by reason', () => {
  it.each([
    ['missing', async () => {}, 'no file of that name'],
    ['a folder', () => mkdir(file), 'a folder'],
    ['a link to itself', () => symlink(file, file), 'a symbolic link that leads to itself'],
    ['a dangling link', () => symlink(join(folder, 'gone'), file), 'no file of that name'],
    ['too large', () => writeFile(file, Buffer.alloc(MAX_FILE_BYTES + 1, '#')), 'more than 4 MiB'],
    ['no UTF-8', () => writeFile(file, Buffer.from([0x61, 0xff])), 'bytes that are not UTF-8 text'],
    ['UTF-16 without a mark', () => writeFile(file, Buffer.from('routes: {}', 'utf16le')), 'UTF-16 text'],
    ['UTF-16', () => writeFile(file, Buffer.from('\ufeffroutes: {}', 'utf16le')), 'UTF-16 text'],
  ])('%s', async (_, make, found) => {
    await make();
    expect(await readContent(file)).toMatchObject({ ok: false, found });
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('unreadable', async () => {
    await writeFile(file, 'routes: {}');
    await chmod(file, 0);
    expect(await readContent(file)).toMatchObject({ ok: false, found: 'a file that may not be read' });
  });

  it.skipIf(process.platform === 'win32')(
    'a pipe is not waited for, without a writer and with one',
    async () => {
      execFileSync('mkfifo', [file]);
      const pipe = { ok: false, found: 'a pipe in which nothing is' };
      expect(await readContent(file)).toMatchObject(pipe);
      await using _writer = await open(file, 'r+');
      expect(await readContent(file)).toMatchObject(pipe);
    },
  );

  it('their hashes differ, so that a change from one to the other is seen', async () => {
    const missing = await readContent(file);
    await mkdir(file);
    const directory = await readContent(file);
    expect(new Set([missing.hash, directory.hash, contentOf(Buffer.from('')).hash]).size).toBe(3);
  });
});
