/** The certificate authority of this machine, for `tls: dev`: a certificate and a key in the user's data folder. */

import { randomUUID, X509Certificate } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Issued } from './authority.ts';

export interface DevAuthority extends Issued {
  /** Of the certificate, which browsers are to trust. */
  readonly file: string;
  /** Names it among the certificates of a system's store. */
  readonly name: string;
}

/** `$PORTWAY_CA`, else `portway/` in the folder of the user's data (XDG Base Directory). */
export function authorityFolder(env: Readonly<Record<string, string | undefined>>): string {
  const data = env.XDG_DATA_HOME || join(env.HOME || homedir(), '.local', 'share');
  return env.PORTWAY_CA || join(data, 'portway');
}

/**
 * Reads the authority, or makes it if there is none or it ends within a month. Several processes that make one at once end up with the
 * same.
 * @throws errors of the file system
 */
export async function devAuthority(folder: string, now = Date.now()): Promise<DevAuthority> {
  const known = await readAuthority(folder, now);
  if (known) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = `Portway development CA ${new Date(now).toISOString().slice(0, 10)}`;
  const { cert, key } = createAuthority(name, YEARS * 365, now);
  // Key and certificate are in one file, and the first to write it wins: no reader finds one without the other, or two.
  const draft = await writeDraft(folder, key + cert, 0o600);
  await rm(join(folder, KEY_FILE), { force: true });
  await link(draft, join(folder, KEY_FILE)).catch(ignoreThatItIsThere);
  await rm(draft);
  const made = (await readAuthority(folder, now)) ?? { cert, key, name, file: join(folder, CERT_FILE) };
  await rename(await writeDraft(folder, made.cert, 0o644), made.file);
  return made;
}

/** `null`: there is no usable one. */
export async function readAuthority(folder: string, now = Date.now()): Promise<DevAuthority | null> {
  try {
    const both = await readFile(join(folder, KEY_FILE), 'utf8');
    const at = both.indexOf('-----BEGIN CERTIFICATE-----');
    const [key, cert] = [both.slice(0, at), both.slice(at)];
    const certificate = new X509Certificate(cert);
    if (certificate.validToDate.getTime() < now + MONTH_MS) return null;
    const name = (certificate.subject ?? '').replace(/^CN=/, '');
    return { cert, key, name, file: join(folder, CERT_FILE) };
  } catch {
    return null;
  }
}

async function writeDraft(folder: string, text: string, mode: number): Promise<string> {
  const draft = join(folder, `.draft-${randomUUID()}`);
  await writeFile(draft, text, { mode });
  return draft;
}

function ignoreThatItIsThere(cause: NodeJS.ErrnoException): void {
  if (cause.code !== 'EEXIST') throw cause;
}

const KEY_FILE = 'ca-key.pem';
const CERT_FILE = 'ca.pem';
const YEARS = 10;
const MONTH_MS = 30 * 86_400_000;
