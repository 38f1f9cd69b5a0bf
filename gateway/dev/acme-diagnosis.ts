/** Examines whether the certificates of `tls.acme` can be obtained here: warnings of `portway check`, findings of `portway doctor`. */

import { lookup } from 'node:dns/promises';
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { AcmeError, adviceFor } from '../acme/error.ts';
import { AcmeStore, acmeFolder, certificateFile } from '../acme/store.ts';
import type { AcmeConfig, GatewayConfig } from '../model/config.ts';
import type { Finding } from './diagnosis.ts';
import { accepts } from './port-probe.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Without the network. */
export async function acmeWarnings({ tls, port }: GatewayConfig, env: Env): Promise<string[]> {
  const acme = tls?.acme ?? null;
  if (tls === null || acme === null) return [];
  const warnings: string[] = [];
  const missing = namesWithout(acme, acmeFolder(acme, env));
  if (missing.length > 0 && acme.directory === LETS_ENCRYPT)
    warnings.push(
      `the certificates of ${missing.join(', ')} are still to be ordered, and Let's Encrypt allows few failures: try \`directory: letsencrypt-staging\` first`,
    );
  if (port !== HTTP_PORT && port !== HTTPS_PORT && tls.port !== HTTPS_PORT)
    warnings.push(
      `an authority comes to port 80 or 443 to see that a name is yours, and the gateway listens on ${port}: something must lead these ports here`,
    );
  return warnings;
}

/** @param addressesOf resolves a name; replaced in tests */
export async function examineAcme(
  config: GatewayConfig,
  env: Env,
  addressesOf = resolved,
): Promise<Finding[]> {
  const acme = config.tls?.acme ?? null;
  if (acme === null) return [];
  const store = new AcmeStore(acmeFolder(acme, env));
  const findings = [...(await examineFolder(acmeFolder(acme, env)))];
  for (const name of acme.names) {
    findings.push(...(await lastOrder(store, name)));
    findings.push(...(await examineName(name, acme, addressesOf)));
  }
  return findings;
}

async function examineName(name: string, acme: AcmeConfig, addressesOf: typeof resolved): Promise<Finding[]> {
  const addresses = await addressesOf(name);
  if (addresses.length === 0)
    return [
      wrong(name, 'the name does not resolve, so that no authority can find this machine', adviceFor('dns')),
    ];
  const ports =
    acme.challenge === 'tls-alpn-01'
      ? [HTTPS_PORT]
      : acme.challenge === null
        ? [HTTP_PORT, HTTPS_PORT]
        : [HTTP_PORT];
  const open = await Promise.all(ports.map((port) => accepts(addresses[0]!, port, PROBE_MS)));
  const findings: Finding[] = [];
  const strange = addresses.filter((address) => !ownAddresses().has(address));
  if (strange.length > 0)
    findings.push({
      level: 'note',
      where: name,
      what: `it leads to ${strange.join(', ')}, which is no address of this machine`,
      todo: 'that is right where something in front passes the ports 80 and 443 on to it',
    });
  if (!open.includes(true))
    findings.push(
      wrong(
        name,
        `nothing answers at port ${ports.join(' or ')} of ${addresses[0]}`,
        'start the gateway there; if it runs, open the port in the firewall',
      ),
    );
  return findings;
}

async function lastOrder(store: AcmeStore, name: string): Promise<Finding[]> {
  try {
    const { error, nextTryAt } = await store.order(name);
    if (error === null) return [];
    const next = nextTryAt === null ? '' : `; the next try is at ${new Date(nextTryAt).toISOString()}`;
    return [
      wrong(name, `the last order of its certificate failed: ${error.detail}${next}`, adviceFor(error.type)),
    ];
  } catch (cause) {
    return [wrong(name, AcmeError.from(cause).message, adviceFor('store'))];
  }
}

/** It may not exist yet: then its parent counts. */
async function examineFolder(folder: string): Promise<Finding[]> {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const writable = await access(there, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return writable
    ? []
    : [
        wrong(
          folder,
          `the certificates of acme can't be kept: ${there} may not be written by this user`,
          adviceFor('store'),
        ),
      ];
}

function namesWithout({ names }: AcmeConfig, folder: string): string[] {
  return names.filter((name) => !existsSync(certificateFile(folder, name)));
}

async function resolved(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  );
}

function wrong(where: string, what: string, todo: string): Finding {
  return { level: 'wrong', where, what, todo };
}

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const PROBE_MS = 3_000;
