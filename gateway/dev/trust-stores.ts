/** Where the programs of a machine keep the authorities that they trust. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DevAuthority } from '../tls/dev-authority.ts';

const run = promisify(execFile);

export interface StoreResult {
  /** `the certificates of the system`, `Chromium (~/.pki/nssdb)` */
  readonly store: string;
  readonly done: boolean;
  /** The result, or instructions for a person. */
  readonly text: string;
}

// None of these throws: failures are in the result.

/** Makes the browsers of the user with this home folder take certificates of the authority. */
export function trustInBrowsers(authority: DevAuthority, home: string): Promise<StoreResult[]> {
  return eachNssStore(home, (store) => addTo(store, authority));
}

export function untrustInBrowsers(authority: DevAuthority, home: string): Promise<StoreResult[]> {
  return eachNssStore(home, (store) => removeFrom(store, authority));
}

const SYSTEM = 'the certificates of the system (curl, git, ...)';
const ANCHORS = '/usr/local/share/ca-certificates';
const ANCHOR = join(ANCHORS, 'portway-dev.crt');
const REFRESH = '/usr/sbin/update-ca-certificates';

export async function trustInSystem({ file }: DevAuthority): Promise<StoreResult> {
  if (!existsSync(REFRESH)) return elsewhere(file);
  try {
    await mkdir(ANCHORS, { recursive: true });
    await copyFile(file, ANCHOR);
    await run(REFRESH);
    return { store: SYSTEM, done: true, text: `${ANCHOR} was added` };
  } catch {
    return byHand(`sudo cp ${file} ${ANCHOR} && sudo ${REFRESH}`);
  }
}

export async function untrustInSystem(): Promise<StoreResult> {
  if (!existsSync(ANCHOR)) return { store: SYSTEM, done: true, text: 'it is not among them' };
  try {
    await rm(ANCHOR);
    await run(REFRESH, ['--fresh']);
    return { store: SYSTEM, done: true, text: `${ANCHOR} was removed` };
  } catch {
    return byHand(`sudo rm ${ANCHOR} && sudo ${REFRESH} --fresh`);
  }
}

function byHand(command: string): StoreResult {
  return { store: SYSTEM, done: false, text: `needs root: ${command}` };
}

function elsewhere(file: string): StoreResult {
  const commands: Readonly<Record<string, string>> = {
    darwin: `sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${file}`,
    win32: `certutil -addstore -f ROOT ${file}`,
  };
  const text = commands[process.platform] ?? `see how your system adds an authority, and give it ${file}`;
  return { store: SYSTEM, done: false, text };
}

// NSS, in which Chromium and Firefox keep them.

interface NssStore {
  readonly name: string;
  readonly folder: string;
}

async function nssStores(home: string): Promise<NssStore[]> {
  const chromium = { name: 'Chromium', folder: join(home, '.pki', 'nssdb') };
  const firefox = await Promise.all(
    [join(home, '.mozilla', 'firefox'), join(home, 'snap', 'firefox', 'common', '.mozilla', 'firefox')].map(
      profiles,
    ),
  );
  return [chromium, ...firefox.flat()];
}

async function profiles(folder: string): Promise<NssStore[]> {
  const entries = await readdir(folder).catch(() => []);
  const stores = entries.map((entry) => ({ name: 'Firefox', folder: join(folder, entry) }));
  return stores.filter((store) => existsSync(join(store.folder, 'cert9.db')));
}

async function eachNssStore(
  home: string,
  change: (store: NssStore) => Promise<string>,
): Promise<StoreResult[]> {
  const results: StoreResult[] = [];
  for (const store of await nssStores(home)) {
    const name = `${store.name} (${store.folder})`;
    try {
      results.push({ store: name, done: true, text: await change(store) });
    } catch (cause) {
      results.push({ store: name, done: false, text: whyNot(cause) });
    }
  }
  return results;
}

async function addTo({ folder }: NssStore, { name, file }: DevAuthority): Promise<string> {
  if (!existsSync(join(folder, 'cert9.db'))) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await run('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
  }
  // C: trusted to issue certificates of servers, and of nothing else.
  await run('certutil', ['-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', name, '-i', file]);
  return 'it was added; start the browser again';
}

async function removeFrom({ folder }: NssStore, { name }: DevAuthority): Promise<string> {
  const known = await run('certutil', ['-L', '-d', `sql:${folder}`, '-n', name]).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') throw cause;
      return false;
    },
  );
  if (!known) return 'it is not there';
  await run('certutil', ['-D', '-d', `sql:${folder}`, '-n', name]);
  return 'it was removed';
}

function whyNot(cause: unknown): string {
  const { code, stderr } = cause as { code?: unknown; stderr?: string };
  if (code === 'ENOENT')
    return 'certutil is missing: install it (Debian: apt install libnss3-tools), and run this again';
  return `certutil failed: ${stderr?.trim() || String(cause)}`;
}
