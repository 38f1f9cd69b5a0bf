import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configFile, temporaryFolder } from '../proof/testing/program.ts';
import { type FileContent, readContent } from './content.ts';
import { type FileWatch, type WatchOptions, watchFile } from './watch.ts';

// As long as each other: a size says nothing of a change.
const BEFORE = 'routes:\n  /db: 3001\n  /chats: 3004\n';
const AFTER = 'routes:\n  /db: 3001\n  /files: 3002\n';

let folder: string;
let file: string;
let watching: FileWatch | null = null;

beforeEach(async () => {
  file = await configFile(BEFORE);
  folder = dirname(file);
});

afterEach(() => {
  watching?.close();
  watching = null;
});

/** What the watch reported, and a way to wait for more. */
interface Seen {
  readonly contents: FileContent[];
  readonly at: number[];
  until(what: string, test: (contents: readonly FileContent[]) => boolean): Promise<void>;
}

async function startWatching(options: WatchOptions = {}): Promise<Seen> {
  const contents: FileContent[] = [];
  const at: number[] = [];
  let wake = () => {};
  const { hash } = await readContent(file);
  const listener = (content: FileContent) => {
    contents.push(content);
    at.push(performance.now());
    wake();
  };
  watching = watchFile(file, listener, { knownHash: hash, ...options });
  await firstLook();
  const until = async (what: string, test: (contents: readonly FileContent[]) => boolean) => {
    const deadline = setTimeout(() => wake(), 10_000);
    const expired = performance.now() + 10_000;
    while (!test(contents)) {
      if (performance.now() >= expired) throw new Error(`not seen within 10 s: ${what}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    clearTimeout(deadline);
  };
  return { contents, at, until };
}

/** A change that is made before the first look would be seen by that: only after it do events and polls matter. */
async function firstLook(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const other = watchFile(file, () => resolve(), { pollMs: 10, settleMs: 0, unfinishedSettleMs: 0 });
  await promise;
  other.close();
}

const text = (content: FileContent | undefined) => (content?.ok ? content.text : null);

// Long after its last change only the state of a file is looked at, not its content.
describe.each([
  ['just after', 0],
  ['long after', 3_600_000],
])('a change of the file is reported with its new content, %s another one', (_, agoMs) => {
  beforeEach(async () => {
    await utimes(file, 1, 1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + agoMs });
    return () => vi.useRealTimers();
  });

  const changes: [string, () => Promise<void>][] = [
    [
      'written in place, and its time put back',
      async () => {
        await writeFile(file, AFTER);
        await utimes(file, 1, 1);
      },
    ],
    [
      'replaced by a rename',
      async () => {
        await writeFile(`${file}.new`, AFTER);
        await rename(`${file}.new`, file);
      },
    ],
    [
      'deleted and written again',
      async () => {
        await rm(file);
        await writeFile(file, AFTER);
      },
    ],
    ['written without a line break at its end', () => writeFile(file, AFTER.trimEnd())],
  ];

  it.each(changes)('%s', async (_, change) => {
    const seen = await startWatching();
    await change();
    await seen.until('the new content', (contents) => text(contents.at(-1))?.trimEnd() === AFTER.trimEnd());
    expect(seen.contents).toHaveLength(1);
  });

  it('a link to it is swapped in its folder, as Kubernetes does', async () => {
    await rm(file);
    for (const [name, content] of Object.entries({ '..v1': BEFORE, '..v2': AFTER })) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'gateway.config.yaml'), content);
    }
    await symlink('..v1', join(folder, '..data'));
    await symlink(join('..data', 'gateway.config.yaml'), file);
    const seen = await startWatching();
    await symlink('..v2', join(folder, '..data.new'));
    await rename(join(folder, '..data.new'), join(folder, '..data'));
    await seen.until('the new content', (contents) => text(contents.at(-1)) === AFTER);
  });

  it('it changes where no event tells: behind a link into another folder', async () => {
    const elsewhere = await temporaryFolder({ config: BEFORE });
    await rm(file);
    await symlink(join(elsewhere, 'config'), file);
    const seen = await startWatching();
    await writeFile(join(elsewhere, 'config'), AFTER);
    await seen.until('the new content', (contents) => text(contents.at(-1)) === AFTER);
  });

  it('its folder is removed and comes back', async () => {
    const seen = await startWatching();
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(file, AFTER);
    await seen.until('the new content', (contents) => text(contents.at(-1)) === AFTER);
  });

  it('it changed before the watch began', async () => {
    const { hash } = await readContent(file);
    await writeFile(file, AFTER);
    const seen = await startWatching({ knownHash: hash });
    await seen.until('the new content', (contents) => text(contents.at(-1)) === AFTER);
  });
});

describe('a content is believed once it has come to rest', () => {
  it('a file that grows line by line is reported whole', async () => {
    const seen = await startWatching({ settleMs: 1000 });
    for (const [index, line] of AFTER.split(/(?<=\n)/).entries()) {
      await writeFile(file, line, { flag: index === 0 ? 'w' : 'a' });
    }
    await seen.until('the new content', (contents) => contents.length > 0);
    expect(seen.contents.map(text)).toEqual([AFTER]);
  });

  it('half a file without its last line break waits for its other half', async () => {
    const seen = await startWatching({ unfinishedSettleMs: 3_600_000, pollMs: 10 });
    const patient = watching;
    const hasty = await startWatching({ unfinishedSettleMs: 100, pollMs: 10 });
    await writeFile(file, AFTER.slice(0, AFTER.indexOf('\n  /files')));
    await hasty.until('the half, by who does not wait', (contents) => contents.length > 0);
    await writeFile(file, AFTER);
    await seen.until('the whole file', (contents) => contents.length > 0);
    patient?.close();
    expect(seen.contents.map(text)).toEqual([AFTER]);
  });

  it('without a line break at its end it takes at least the longer time', async () => {
    const seen = await startWatching({ unfinishedSettleMs: 400, pollMs: 20 });
    const start = performance.now();
    await writeFile(file, AFTER.trimEnd());
    await seen.until('the new content', (contents) => contents.length > 0);
    expect(seen.at[0]! - start).toBeGreaterThanOrEqual(400);
  });

  it('a change that is taken back at once is no change', async () => {
    const seen = await startWatching({ settleMs: 1000 });
    await writeFile(file, AFTER);
    await writeFile(file, BEFORE);
    await writeFile(file, `${BEFORE}# and on\n`);
    await seen.until('the last content', (contents) => contents.length > 0);
    expect(seen.contents.map(text)).toEqual([`${BEFORE}# and on\n`]);
  });
});

describe('a file that can not be read is reported as such, and once', () => {
  it('missing, then back again', async () => {
    const seen = await startWatching({ unfinishedSettleMs: 50 });
    await rm(file);
    await seen.until('its absence', (contents) => contents.length === 1);
    expect(seen.contents[0]).toMatchObject({ ok: false, found: 'no file of that name' });
    await writeFile(file, BEFORE);
    await seen.until('its return', (contents) => contents.length === 2);
    expect(text(seen.contents[1])).toBe(BEFORE);
  });

  it('a folder in its place', async () => {
    const seen = await startWatching({ unfinishedSettleMs: 50 });
    await rm(file);
    await mkdir(file);
    await seen.until('the folder', (contents) => contents.at(-1)?.ok === false);
    expect(seen.contents.at(-1)).toMatchObject({ ok: false, found: 'a folder' });
  });
});

describe('close', () => {
  it('no report follows, though a change was about to be believed', async () => {
    const seen = await startWatching({ settleMs: 50, pollMs: 10 });
    await writeFile(file, AFTER);
    watching!.close();
    // A second watch that sees the change later than the first one would have.
    const later = await startWatching({ knownHash: '', settleMs: 200, pollMs: 10 });
    await later.until('the change', (contents) => contents.length > 0);
    expect(seen.contents).toEqual([]);
  });

  it('no report follows while a look is under way', async () => {
    const contents: FileContent[] = [];
    const closed = watchFile(file, (content) => contents.push(content), { settleMs: 0 });
    closed.close();
    await firstLook();
    expect(contents).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('leaves no watch of the system behind', async () => {
    const before = await inotifyWatches();
    await startWatching();
    expect(await inotifyWatches()).toBe(before + 1);
    watching!.close();
    await expect.poll(inotifyWatches).toBe(before);
  });
});

it('a watch alone does not keep a process alive', async () => {
  const source = new URL('./watch.ts', import.meta.url).href;
  const program = `import { watchFile } from ${JSON.stringify(source)}; watchFile(${JSON.stringify(file)}, () => {});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: 'ignore',
    timeout: 10_000,
  });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

async function inotifyWatches(): Promise<number> {
  let count = 0;
  for (const fd of await readdir('/proc/self/fdinfo')) {
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '');
    count += info.match(/^inotify wd:/gm)?.length ?? 0;
  }
  return count;
}
