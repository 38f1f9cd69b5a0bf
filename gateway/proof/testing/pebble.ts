import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { accepts } from '../../dev/port-probe.ts';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { freeDatagramPort, freePorts } from './free-port.ts';
import { until } from './poll.ts';
import { Processes } from './processes.ts';
import { temporaryFolder } from './program.ts';
import { findPrograms } from './real-server.ts';

const { paths, missing } = findPrograms('pebble', 'pebble-challtestsrv');
if (missing !== '')
  console.warn(`ACME: not installed, so its tests skip: ${missing} (apt-get install pebble)`);

/** Whether Let's Encrypt's test directory is installed. */
export const hasPebble = missing === '';

export interface PebbleOptions {
  /** Ports at which it validates names, instead of 80 and 443. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Keys of external accounts; where they are given, it serves only accounts that have one. */
  readonly externalAccount?: Readonly<Record<string, string>>;
}

/** Let's Encrypt's test directory and its name server, which resolves every name to 127.0.0.1. Both end with the test. */
export class Pebble {
  readonly port: number;
  /** PEM file of the authority that issued the directory's own certificate. */
  readonly ca: string;
  readonly #names: number;

  private constructor(port: number, ca: string, names: number) {
    this.port = port;
    this.ca = ca;
    this.#names = names;
  }

  static async start({ httpPort, tlsPort, externalAccount }: PebbleOptions): Promise<Pebble> {
    const folder = await temporaryFolder();
    const [port, management, names] = (await freePorts(3)) as [number, number, number];
    const dns = await freeDatagramPort();
    const authority = createAuthority('Directory of a test', 30);
    const { cert, key } = issueCertificate(authority, { names: ['127.0.0.1', 'localhost'], days: 30 });
    const config = {
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: join(folder, 'cert.pem'),
        privateKey: join(folder, 'key.pem'),
        httpPort,
        tlsPort,
        certificateValidityPeriod: 90 * 86_400,
        externalAccountBindingRequired: externalAccount !== undefined,
        externalAccountMACKeys: externalAccount ?? {},
      },
    };
    const files = {
      'ca.pem': authority.cert,
      'cert.pem': cert,
      'key.pem': key,
      'pebble.json': JSON.stringify(config),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const processes = new Processes();
    onTestFinished(() => processes.killAll());
    const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
    const zone = [
      '-dns01',
      `127.0.0.1:${dns}`,
      '-management',
      `127.0.0.1:${names}`,
      '-defaultIPv4',
      '127.0.0.1',
    ];
    await processes.start([paths['pebble-challtestsrv'], ...off, ...zone]);
    // By default it refuses one nonce of twenty, and tests count its requests.
    const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' };
    const args = ['-config', join(folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`];
    const pebble = await processes.start([paths.pebble, ...args], { env });
    await until('pebble and its names listen', async () => {
      if (!pebble.alive) throw new Error(`pebble has ended: ${pebble.log.text()}`);
      return (await accepts('127.0.0.1', port, 1_000)) && (await accepts('127.0.0.1', names, 1_000));
    });
    return new Pebble(port, join(folder, 'ca.pem'), names);
  }

  get directory(): string {
    return `https://127.0.0.1:${this.port}/dir`;
  }

  /** From now on the name does not resolve. */
  forget(name: string): Promise<void> {
    return this.#tell('set-servfail', { host: `${name}.` });
  }

  /** The name resolves again. */
  remember(name: string): Promise<void> {
    return this.#tell('clear-servfail', { host: `${name}.` });
  }

  async #tell(what: string, message: object): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.#names}/${what}`, {
      method: 'POST',
      body: JSON.stringify(message),
    });
    if (!answer.ok) throw new Error(`${what} was answered ${answer.status}`);
  }
}
