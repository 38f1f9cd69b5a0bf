import tls from 'node:tls';
import { ByServerName } from './by-server-name.ts';
import type { KeyPair } from './key-pair.ts';

/** All that a handshake with a client needs. */
export interface TlsSettings {
  /** The first one is shown where none has the name that was asked for, or none was. */
  readonly pairs: readonly KeyPair[];
  readonly minVersion: tls.SecureVersion;
  /** PEM of the authorities whose certificates clients may show; `null`: none is asked for. */
  readonly clients: { readonly ca: string; readonly required: boolean } | null;
}

/** @returns the contexts of all pairs but the first, by the names that they are for */
export function contextsOf({ pairs, minVersion, clients }: TlsSettings): ByServerName<tls.SecureContext> {
  const contexts = new ByServerName<tls.SecureContext>();
  for (const { names, cert, key } of pairs)
    contexts.add(
      names,
      tls.createSecureContext({ cert, key, minVersion, ...(clients && { ca: clients.ca }) }),
    );
  return contexts;
}
