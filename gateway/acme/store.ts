/** Account, keys and certificates on disk. Every file is whole at every instant, and readable by its owner alone. */

import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { stateFolder } from '../files/state-folder.ts';
import type { AcmeConfig } from '../model/config.ts';
import type { Account } from './account.ts';
import { AcmeError } from './error.ts';
import { jsonOf } from './messages.ts';
import type { AcmeShare } from './share.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The folder for one directory's certificates, so that a staging certificate is never served in place of a real one: `tls.acme.folder`,
 * else below systemd's `StateDirectory=`, else below the user's state (XDG Base Directory), for root the system's.
 */
export function acmeFolder(
  { folder, directory }: Pick<AcmeConfig, 'folder' | 'directory'>,
  env: Env,
): string {
  const name = directory.replace(/^https:\/\//, '').replaceAll(/[^A-Za-z0-9.-]+/g, '-');
  return join(folder ?? join(stateFolder(env), 'acme'), name);
}

/** Key, certificate and its chain in one file, so that they fit at every instant. */
export function certificateFile(folder: string, name: string): string {
  return join(folder, `${name}.pem`);
}

const orderForm = z.object({
  /** The order under way, and the key of its certificate. */
  order: z.object({ url: z.string(), key: z.string() }).nullable(),
  /** One after the other. */
  failures: z.int().min(0),
  /** Milliseconds since the epoch: when the last order ended, well or not. */
  triedAt: z.number().nullable(),
  nextTryAt: z.number().nullable(),
  error: z.object({ type: z.string(), detail: z.string() }).nullable(),
});

/** How the order of a name stands. */
export type OrderState = Readonly<z.output<typeof orderForm>>;

export const NOTHING_ORDERED: OrderState = {
  order: null,
  failures: 0,
  triedAt: null,
  nextTryAt: null,
  error: null,
};

const accountForm = z.object({
  key: z.string(),
  url: z.string().nullable(),
  email: z.string().nullable().default(null),
});

/** Every method throws AcmeError `store` where the file system refuses. */
export class AcmeStore {
  readonly #folder: string;
  readonly #share: () => AcmeShare | null;

  /** @param share where the same is kept for all replicas. */
  constructor(folder: string, share: () => AcmeShare | null = () => null) {
    this.#folder = folder;
    this.#share = share;
  }

  /** Takes over the account of all replicas, and how the order of a name stands with them. */
  async learn(name: string): Promise<void> {
    for (const file of [ACCOUNT, orderFile(name)]) {
      const text = await this.#share()?.read(this.#shared(file));
      if (text) await this.#keep(file, text);
    }
  }

  /** PEM as other replicas have it. */
  async sharedCertificate(name: string): Promise<string | null> {
    return (await this.#share()?.read(this.#shared(certificateFile('', name)))) ?? null;
  }

  /** The key is on disk before the directory hears of it. */
  async account(): Promise<Account> {
    const known = accountForm.safeParse(jsonOf((await this.#read(ACCOUNT)) ?? ''));
    if (known.success) return { ...known.data, key: createPrivateKey(known.data.key) };
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const account = { key: privateKey, url: null, email: null };
    await this.writeAccount(account);
    return account;
  }

  writeAccount({ key, ...known }: Account): Promise<void> {
    const text = { key: key.export({ type: 'pkcs8', format: 'pem' }), ...known };
    return this.#write(ACCOUNT, JSON.stringify(text, null, 2));
  }

  async order(name: string): Promise<OrderState> {
    const known = orderForm.safeParse(jsonOf((await this.#read(orderFile(name))) ?? ''));
    return known.success ? known.data : NOTHING_ORDERED;
  }

  writeOrder(name: string, state: OrderState): Promise<void> {
    return this.#write(orderFile(name), JSON.stringify(state, null, 2));
  }

  /** PEM of key, certificate and chain; `null`: none yet. */
  certificate(name: string): Promise<string | null> {
    return this.#read(certificateFile('', name));
  }

  writeCertificate(name: string, pem: string): Promise<void> {
    return this.#write(certificateFile('', name), pem.trimEnd());
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await readFile(join(this.#folder, name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw storeError(cause);
    }
  }

  async #write(name: string, text: string): Promise<void> {
    await this.#keep(name, text);
    await this.#share()?.write(this.#shared(name), text);
  }

  /** A folder is of one directory. */
  #shared(name: string): string {
    return `${basename(this.#folder)}/${name}`;
  }

  /** A reader finds the old text or the new one, whenever the machine stops. */
  async #keep(name: string, text: string): Promise<void> {
    const file = join(this.#folder, name);
    const draft = `${file}.${randomUUID()}.draft`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeThrough(draft, `${text}\n`);
      await rename(draft, file);
      await synced(dirname(file));
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => {});
      throw storeError(cause);
    }
  }
}

async function writeThrough(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

async function synced(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function storeError(cause: unknown): AcmeError {
  return new AcmeError('store', cause instanceof Error ? cause.message : String(cause));
}

function orderFile(name: string): string {
  return `${name}.order.json`;
}

const ACCOUNT = 'account.json';
