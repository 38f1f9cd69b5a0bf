/** The addresses that the gateway itself takes. */

import { isIP } from 'node:net';
import { flag } from '../keys/value.ts';
import type { GatewayConfig } from '../model/config.ts';
import { nodeAt } from './source.ts';
import { reportValue, type SourceDocument } from './source-document.ts';

export interface Listening {
  /** `the gateway`, `the admin listener` */
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

export function listeningOf({
  host,
  port,
  admin,
  tls,
}: Pick<GatewayConfig, 'host' | 'port' | 'admin' | 'tls'>): Listening[] {
  const own: Listening = { what: 'the gateway', host, port };
  const secure = tls?.port && tls.port !== port ? [{ what: 'the TLS listener', host, port: tls.port }] : [];
  return admin === null ? [own, ...secure] : [own, { what: 'the admin listener', ...admin }, ...secure];
}

/** Whether a connection to that address of this machine can end at the listener. */
export function serves(listener: Listening, address: string): boolean {
  const own = addressesOf(listener.host);
  // A connection to "any address" goes to the loopback one.
  if (isAny(address)) return own.some((one) => isAny(one) || isLoopback(one));
  return own.some((one) => one === address || (isLoopback(address) && isAnyFor(one, address)));
}

/** The admin listener on the port of the gateway: one of the two could not listen. */
export function reportSharedPort(listening: readonly Listening[], document: SourceDocument): void {
  const [own, admin] = listening;
  if (own === undefined || admin === undefined || own.port !== admin.port) return;
  if (!overlap(own.host, admin.host)) return;
  // If the admin listener's port is the default, the conflict is with the gateway's own port.
  const key = nodeAt(document.root, ['admin']) === null ? 'port' : 'admin';
  reportValue(document, [key], {
    expected: 'different ports for the gateway and its admin listener',
    found: `${own.port} for both`,
    hint:
      key === 'port' ? `the admin listener has ${admin.port}: give it another one, or "admin: false"` : null,
  });
}

/** Without a token, other machines could read all routes and addresses, and empty caches. */
export function reportOpenAdmin({ admin }: Pick<GatewayConfig, 'admin'>, document: SourceDocument): void {
  if (admin === null || admin.token !== undefined) return;
  if (addressesOf(admin.host.toLowerCase()).every(isLoopback)) return;
  const path = nodeAt(document.root, ['admin', 'host']) === null ? ['admin'] : ['admin', 'host'];
  reportValue(document, path, {
    expected: 'a token beside an address that other machines can reach',
    found: `${admin.host} without one`,
    hint: `make a key by "portway passwd --key admin-keys.txt ops", and write admin: { host: "${admin.host}", port: ${admin.port}, token: admin-keys.txt }`,
  });
}

/** `tls: true` of the admin listener means the certificates of the gateway's own. */
export function reportAdminTls(
  { admin, tls }: Pick<GatewayConfig, 'admin' | 'tls'>,
  document: SourceDocument,
): void {
  const node = nodeAt(document.root, ['admin', 'tls']);
  if (tls !== null || admin?.tls !== undefined || node?.kind !== 'scalar') return;
  if (flag.safeParse(node.value).data !== true) return;
  reportValue(document, ['admin', 'tls'], {
    expected: 'certificates, or the key tls at the top of the file',
    found: 'neither',
    hint: 'true takes the certificates of tls; of its own: admin: { tls: { cert: ..., key: ... } }',
  });
}

function overlap(a: string, b: string): boolean {
  if (isAny(a) || isAny(b)) return true;
  return addressesOf(a).some((address) => addressesOf(b).includes(address));
}

function addressesOf(host: string): readonly string[] {
  // RFC 6761 §6.3: `localhost` and the names below it are this machine.
  return host === 'localhost' || host.endsWith('.localhost') ? ['127.0.0.1', '::1'] : [host];
}

/** The addresses that a connection to that host may reach, as far as known without DNS. */
export function knownAddresses(host: string, addresses: readonly string[] | null): readonly string[] {
  return addresses ?? addressesOf(host);
}

export function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** A listener on `::` takes IPv4 too. */
function isAnyFor(host: string, address: string): boolean {
  return host === '::' || (host === '0.0.0.0' && isIP(address) === 4);
}

/** Whether only this machine gets there. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** The warning of `start` and `check` about an admin listener that other machines reach without TLS. */
export const ADMIN_IN_CLEAR =
  'the admin listener can be reached from other machines without TLS, so that whoever is on the way reads its keys. Give it certificates (`admin: { tls: { cert: ..., key: ... } }`, or `tls: true` for those of `tls:`), put a proxy with TLS before it, or let `admin:` name a port alone and reach it through `ssh -L`';

/** Whether `trustProxy` has a block of every address of its family. */
export function trustsEverybody({ trustProxy }: Pick<GatewayConfig, 'trustProxy'>): boolean {
  return trustProxy.some((block) => block.endsWith('/0'));
}

export const TRUSTS_EVERYBODY =
  '`trustProxy:` believes everybody, so that each client can choose the address by which `allow:`, `deny:`, limits and logs know it (X-Forwarded-For): name the proxies that stand before the gateway, by address, `loopback` or `private`';
