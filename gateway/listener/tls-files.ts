import type { Logger } from 'pino';
import { readOrdered, standIn } from '../acme/ordered.ts';
import { acmeFolder } from '../acme/store.ts';
import { readTlsFiles, type TlsFault, type TlsMaterial } from '../config/certificate-files.ts';
import { isAny } from '../config/listening.ts';
import { pathText } from '../config/source.ts';
import { type FileWatch, watchFile } from '../files/watch.ts';
import type { GatewayConfig, TlsConfig } from '../model/config.ts';
import { issueCertificate } from '../tls/authority.ts';
import { authorityFolder, type DevAuthority, devAuthority } from '../tls/dev-authority.ts';
import { type KeyPair, readKeyPair } from '../tls/key-pair.ts';
import { DEV_CERTIFICATE_DAYS, type TlsSettings } from '../tls/settings.ts';

/** The files of `tls:` can't be used. The message says which, and why. */
export class TlsError extends Error {
  override readonly name = 'TlsError';

  static of(faults: readonly TlsFault[]): TlsError {
    const lines = faults.map(({ path, fault }) => `${pathText(path)}: ${fault.found}; ${fault.hint}`);
    return new TlsError(lines.join('\n'));
  }
}

/** Follows the files named in `tls:`: a renewed certificate is used from the next handshake on; a bad one changes nothing. */
export class TlsFiles {
  readonly #log: Logger;
  readonly #use: (settings: TlsSettings | null) => void;
  readonly #of: (config: GatewayConfig) => TlsConfig | null;
  #watches: readonly FileWatch[] = [];
  #rereading: NodeJS.Timeout | undefined;
  /** Which configuration is followed: a read that began under another one comes too late. */
  #config: GatewayConfig | null = null;
  /** The number of the newest `follow`: results of older ones are dropped. */
  #asked = 0;
  /** Locates the development authority and the ordered certificates. */
  readonly #env: Env;

  /**
   * @param use receives the material for the next handshakes
   * @param of the configuration whose files are meant
   */
  constructor(
    log: Logger,
    env: Env,
    use: (settings: TlsSettings | null) => void,
    of: (config: GatewayConfig) => TlsConfig | null = ({ tls }) => tls,
  ) {
    this.#log = log;
    this.#env = env;
    this.#use = use;
    this.#of = of;
  }

  /** @returns a function that applies it. @throws TlsError; nothing has changed until then */
  async prepare(config: GatewayConfig): Promise<() => void> {
    const read = await this.#read(config);
    return () => {
      this.stop();
      this.#config = config;
      this.#use(read.settings);
      this.#watches = Array.from(read.hashes, ([file, knownHash]) =>
        watchFile(file, () => this.#changed(), { knownHash, pollMs: POLL_MS }),
      );
    };
  }

  /** For a configuration that serves already: a bad file changes nothing. */
  async follow(config: GatewayConfig): Promise<void> {
    const asked = ++this.#asked;
    try {
      const use = await this.prepare(config);
      // Many files take longer than the few of the configuration after it.
      if (asked === this.#asked) use();
    } catch (cause) {
      this.#rejected(cause);
    }
  }

  stop(): void {
    this.#asked++;
    clearTimeout(this.#rereading);
    // Else no change would be read any more.
    this.#rereading = undefined;
    for (const watch of this.#watches) watch.close();
  }

  /** Certificate and key are two files: after a change of one, the other gets time to change. */
  #changed(): void {
    this.#rereading ??= setTimeout(() => {
      this.#rereading = undefined;
      void this.#reread();
    }, REREAD_AFTER_MS);
  }

  async #reread(): Promise<void> {
    const config = this.#config!;
    try {
      const { settings } = await this.#read(config);
      if (this.#config !== config) return;
      this.#use(settings);
      const names = settings?.pairs.flatMap((pair) => pair.names);
      this.#log.info({ names }, 'certificates have changed and are in use');
    } catch (cause) {
      this.#rejected(cause);
    }
  }

  #rejected(cause: unknown): void {
    if (!(cause instanceof TlsError)) throw cause;
    const problems = cause.message;
    this.#log.error({ problems }, 'changed certificates were rejected; those before them stay in use');
  }

  async #read(config: GatewayConfig): Promise<TlsRead> {
    const tls = this.#of(config);
    if (tls === null) return { settings: null, hashes: new Map() };
    const reading = await readTlsFiles(tls, Date.now());
    if (!reading.ok) throw TlsError.of(reading.faults);
    const { pairs, clientCa, warnings, hashes } = reading.material;
    for (const warning of warnings) this.#log.warn(warning);
    const required = tls.clientCertificates?.mode === 'require';
    const clients = clientCa === null ? null : { ca: clientCa, required };
    const authority = tls.certificates === 'dev' ? await this.#developmentAuthority() : null;
    const ordered = await this.#ordered(tls);
    const shown = authority ? [issuedFor(config, authority)] : [...pairs, ...ordered.pairs];
    const settings = { pairs: shown, authority, minVersion: tls.minVersion, clients };
    return { settings, hashes: new Map([...hashes, ...ordered.hashes]) };
  }

  /** Certificates ordered by `acme` so far. */
  async #ordered({ acme }: TlsConfig): Promise<Pick<TlsMaterial, 'pairs' | 'hashes'>> {
    if (acme === null) return { pairs: [], hashes: new Map() };
    const { pairs, missing, hashes } = await readOrdered(acmeFolder(acme, this.#env), acme.names);
    if (missing.length === 0) return { pairs, hashes };
    this.#log.warn(
      { names: missing },
      'no certificate yet: until it is there, clients see a stand-in that nobody vouches for',
    );
    return { pairs: [...pairs, standIn(missing)], hashes };
  }

  async #developmentAuthority(): Promise<DevAuthority> {
    const folder = authorityFolder(this.#env);
    const authority = await devAuthority(folder).catch((cause: Error) => {
      const problem = `tls: dev keeps its authority in ${folder}, and can't: ${cause.message}`;
      throw new TlsError(problem, { cause });
    });
    this.#log.info(
      { authority: authority.file },
      'tls: dev shows certificates of its own authority; `portway trust` makes browsers here accept them',
    );
    return authority;
  }
}

/** For all names that the gateway has here. */
function issuedFor({ routes, allowedHosts, admin }: GatewayConfig, authority: DevAuthority): KeyPair {
  const hosts = routes.flatMap(({ matcher }) => matcher.host ?? []);
  const own = admin?.tls && !isAny(admin.host) ? [admin.host] : [];
  const names = [...new Set([...OWN_NAMES, ...own, ...hosts, ...(allowedHosts ?? [])])];
  const { cert, key } = issueCertificate(authority, { names, days: DEV_CERTIFICATE_DAYS });
  const reading = readKeyPair(cert + authority.cert, key, Date.now());
  if (!reading.ok) throw new Error(`the development certificate is none: ${reading.fault.found}`);
  return reading.pair;
}

interface TlsRead {
  readonly settings: TlsSettings | null;
  /** Of the files that were read, by path. */
  readonly hashes: ReadonlyMap<string, string>;
}

type Env = Readonly<Record<string, string | undefined>>;

const OWN_NAMES = ['localhost', '127.0.0.1', '::1'];
const POLL_MS = 2_000;
const REREAD_AFTER_MS = 300;
