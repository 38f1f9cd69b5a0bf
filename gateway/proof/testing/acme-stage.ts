import { mkdir, writeFile } from 'node:fs/promises';
import { acmeFolder, certificateFile } from '../../acme/store.ts';
import type { OrderedCertificateStatus } from '../../model/status.ts';
import { createAuthority, issueCertificate } from '../../tls/authority.ts';
import { DirectoryFront } from './directory-front.ts';
import { freePorts } from './free-port.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';
import { Pebble, type PebbleOptions } from './pebble.ts';
import { until } from './poll.ts';
import { temporaryFolder } from './program.ts';
import { connectSecurely } from './secure-client.ts';
import { ok, type ScriptedService, startService } from './service.ts';

export const NAME = 'shop.example.test';

export interface AcmeStage {
  readonly gateway: TestGateway;
  readonly service: ScriptedService;
  readonly front: DirectoryFront;
  /** `null`: nothing stands behind the front. */
  readonly pebble: Pebble | null;
  readonly folder: string;
  /** The lines of the file. @param keys of `acme`, beside those that it needs here */
  yaml(...keys: string[]): string;
}

export interface AcmeStageOptions {
  /** Of `acme`: `names: shop.example.test`. */
  readonly keys?: readonly string[];
  /** Where the directory asks. */
  readonly proves?: 'http-01' | 'tls-alpn-01';
  /** Whether pebble stands behind the front; default true. */
  readonly pebble?: boolean;
  /** Keys of external accounts; where they are given, Pebble serves only accounts that have one. */
  readonly externalAccount?: Readonly<Record<string, string>>;
  /** Where another gateway was before. */
  readonly at?: Pick<AcmeStage, 'front' | 'folder' | 'pebble'>;
  /** Before the gateway starts. */
  readonly prepare?: (front: DirectoryFront, folder: string, pebble: Pebble | null) => Promise<void> | void;
}

/** A gateway that orders its certificates at pebble, through a front that a test can make fail. */
export async function acmeStage(options: AcmeStageOptions = {}): Promise<AcmeStage> {
  const { keys = [], proves = 'http-01', prepare, externalAccount } = options;
  const [port, nowhere] = (await freePorts(2)) as [number, number];
  const ports: PebbleOptions =
    proves === 'http-01' ? { httpPort: port, tlsPort: nowhere } : { httpPort: nowhere, tlsPort: port };
  const pebble = options.at
    ? options.at.pebble
    : options.pebble === false
      ? null
      : await Pebble.start({ ...ports, ...(externalAccount && { externalAccount }) });
  const front = options.at?.front ?? (await DirectoryFront.start(pebble?.port ?? null));
  const service = (await startService()).answer(ok());
  const folder = options.at?.folder ?? (await temporaryFolder());
  const yaml = (...more: string[]) =>
    `admin: 3900\n${acmeYaml({ front, folder, service: service.port }, more)}`;
  await prepare?.(front, folder, pebble);
  const gateway = await startTestGateway(yaml(...keys), { port });
  return { gateway, service, front, pebble, folder, yaml };
}

interface Named {
  readonly front: DirectoryFront;
  readonly folder: string;
  readonly service: number;
}

export function acmeYaml({ front, folder, service }: Named, more: readonly string[]): string {
  const keys = [`directory: "${front.directory}"`, `ca: ${front.ca}`, `folder: ${folder}`, ...more];
  return `tls: { acme: { ${keys.join(', ')} }, redirect: true }\nallowedHosts: [elsewhere.example.test]\nroutes: { ${NAME}/: ${service} }\n`;
}

/** Puts a certificate of another authority where the gateway finds it. @param left share of its 90 days */
export async function oldCertificate(front: DirectoryFront, folder: string, left: number): Promise<string> {
  const below = acmeFolder({ folder, directory: front.directory }, {});
  const authority = createAuthority(OLD_ISSUER, 400);
  const now = Date.now() - 90 * DAY_MS * (1 - left);
  const { cert, key } = issueCertificate(authority, { names: [NAME], days: 90, now });
  await mkdir(below, { recursive: true });
  await writeFile(certificateFile(below, NAME), key + cert);
  return cert;
}

/** Whose certificate the gateway shows. */
export async function issuerShown(port: number, servername = NAME): Promise<string> {
  const client = await connectSecurely(port, { servername });
  const { issuer } = client.socket.getPeerCertificate();
  client.destroy();
  return String(issuer.CN);
}

export function ordered(gateway: TestGateway, name = NAME): Promise<void> {
  return until('the certificate is shown', async () =>
    (await issuerShown(gateway.port, name)).includes('Pebble'),
  );
}

/** Status of the first certificate, from the admin listener. */
export async function certificateStatus(adminPort: number): Promise<OrderedCertificateStatus | undefined> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/certificates`);
  return ((await answer.json()) as OrderedCertificateStatus[])[0];
}

/** Waits until an order has failed. */
export async function failedOrder(
  adminPort: number,
): Promise<OrderedCertificateStatus & { readonly error: object }> {
  let status: OrderedCertificateStatus | undefined;
  await until('an order has failed', async () => {
    status = await certificateStatus(adminPort);
    return status?.state !== 'ordering' && (status?.failures ?? 0) > 0;
  });
  return status as OrderedCertificateStatus & { readonly error: object };
}

export const OLD_ISSUER = 'The authority of before';
export const DAY_MS = 86_400_000;
