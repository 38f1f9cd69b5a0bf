import type { Logger } from 'pino';
import { readTlsFiles, type TlsFault } from '../config/certificate-files.ts';
import { pathText } from '../config/source.ts';
import { type ConfigWatch, watchConfig } from '../config/watch.ts';
import type { TlsConfig } from '../model/config.ts';
import type { TlsSettings } from '../tls/settings.ts';

/** The files of `tls:` can't be used any more. The message says which, and why. */
export class TlsError extends Error {
  override readonly name = 'TlsError';

  constructor(faults: readonly TlsFault[]) {
    super(faults.map(({ path, fault }) => `${pathText(path)}: ${fault.found}; ${fault.hint}`).join('\n'));
  }
}

/** Follows the files that `tls:` names: what is renewed is shown to the next client, and what can't be used changes nothing. */
export class TlsFiles {
  readonly #log: Logger;
  readonly #use: (settings: TlsSettings | null) => void;
  #watches: readonly ConfigWatch[] = [];
  #rereading: NodeJS.Timeout | undefined;
  /** Which configuration is followed: a read that began under another one comes too late. */
  #config: TlsConfig | null = null;

  /** @param use takes what the next handshakes are done with. */
  constructor(log: Logger, use: (settings: TlsSettings | null) => void) {
    this.#log = log;
    this.#use = use;
  }

  /** @returns what puts it to work. @throws TlsError; nothing has changed until then */
  async prepare(config: TlsConfig | null): Promise<() => void> {
    const read = config && (await this.#read(config));
    return () => {
      this.stop();
      this.#config = config;
      this.#use(read?.settings ?? null);
      this.#watches = Array.from(read?.hashes ?? [], ([file, knownHash]) =>
        watchConfig(file, () => this.#changed(), { knownHash, pollMs: POLL_MS }),
      );
    };
  }

  stop(): void {
    clearTimeout(this.#rereading);
    for (const watch of this.#watches) watch.close();
  }

  /** A certificate and its key are two files: what changes one is given the time to change the other. */
  #changed(): void {
    this.#rereading ??= setTimeout(() => {
      this.#rereading = undefined;
      void this.#reread();
    }, REREAD_AFTER_MS);
  }

  async #reread(): Promise<void> {
    const config = this.#config;
    try {
      const read = config && (await this.#read(config));
      if (this.#config !== config || !read) return;
      this.#use(read.settings);
      const names = read.settings.pairs.flatMap((pair) => pair.names);
      this.#log.info({ names }, 'certificates have changed and are in use');
    } catch (cause) {
      if (!(cause instanceof TlsError)) throw cause;
      const problems = cause.message;
      this.#log.error({ problems }, 'changed certificates were rejected; those before them stay in use');
    }
  }

  async #read(config: TlsConfig) {
    const reading = await readTlsFiles(config, Date.now());
    if (!reading.ok) throw new TlsError(reading.faults);
    const { pairs, clientCa, warnings, hashes } = reading.material;
    for (const warning of warnings) this.#log.warn(warning);
    const required = config.clientCertificates?.mode === 'require';
    const clients = clientCa === null ? null : { ca: clientCa, required };
    const settings: TlsSettings = { pairs, minVersion: config.minVersion, clients };
    return { settings, hashes };
  }
}

const POLL_MS = 2_000;
const REREAD_AFTER_MS = 300;
