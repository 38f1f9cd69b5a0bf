import { constants } from 'node:crypto';
import tls from 'node:tls';
import { domainToASCII } from 'node:url';
import { type Issued, issueCertificate } from './authority.ts';
import type { KeyPair } from './key-pair.ts';

/** All that a handshake with a client needs. */
export interface TlsSettings {
  /** The first one is shown where none has the name that was asked for, or none was. */
  readonly pairs: readonly KeyPair[];
  /** Issues certificates for names below `.localhost`, for which no wildcard is valid; `null`: none. */
  readonly authority: Issued | null;
  readonly minVersion: tls.SecureVersion;
  /** PEM of the authorities whose certificates clients may show; `null`: none is asked for. */
  readonly clients: { readonly ca: string; readonly required: boolean } | null;
}

/**
 * Rules of every handshake, whatever its certificate: for TLS 1.2 only suites with forward secrecy and authenticated encryption (RFC 9325
 * §4.2; the same as Caddy, and Mozilla's intermediate set without DHE), and no renegotiation, which is cheap for a client and expensive for
 * us.
 */
export const HANDSHAKE_RULES = {
  ciphers: [
    ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
    ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

/** Which certificate is shown for which name. */
export class ServerContexts {
  readonly #settings: TlsSettings;
  readonly #known = new ByServerName<tls.SecureContext>();
  readonly #issued = new Map<string, tls.SecureContext>();

  constructor(settings: TlsSettings) {
    this.#settings = settings;
    for (const pair of settings.pairs) this.#known.add(pair.names, this.#contextOf(pair));
  }

  /** @param name as the client sent it (RFC 6066 §3). `undefined`: none has it. */
  get(name: string): tls.SecureContext | undefined {
    return this.#known.get(name) ?? this.#issuedFor(name.toLowerCase());
  }

  #issuedFor(name: string): tls.SecureContext | undefined {
    const { authority } = this.#settings;
    if (authority === null || !BELOW_LOCALHOST.test(name)) return undefined;
    const known = this.#issued.get(name);
    if (known) return known;
    if (this.#issued.size >= ISSUED_MAX) return undefined;
    const { cert, key } = issueCertificate(authority, { names: [name], days: DEV_CERTIFICATE_DAYS });
    const context = this.#contextOf({ cert: cert + authority.cert, key });
    this.#issued.set(name, context);
    return context;
  }

  #contextOf({ cert, key }: Issued): tls.SecureContext {
    const { minVersion, clients } = this.#settings;
    const trusted = clients && { ca: clients.ca };
    return tls.createSecureContext({ cert, key, minVersion, ...HANDSHAKE_RULES, ...trusted });
  }
}

/** Apple's programs refuse more than 825. */
export const DEV_CERTIFICATE_DAYS = 397;
const BELOW_LOCALHOST = /^(?!-)[a-z0-9-]{1,63}\.localhost$/;
/** A client of this machine may ask for names without end. */
const ISSUED_MAX = 200;

/**
 * Values by the names of certificates. An exact name wins over `*.example.com`, which covers one label (RFC 9525 §6.3); of two values for a
 * name the first one stays.
 */
class ByServerName<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #below = new Map<string, Value>();

  add(names: readonly string[], value: Value): void {
    for (const name of names) {
      const [map, key] = name.startsWith('*.') ? [this.#below, name.slice(2)] : [this.#exact, name];
      if (!map.has(key)) map.set(key, value);
    }
  }

  /** @param name as the client sent it (RFC 6066 §3) */
  get(name: string): Value | undefined {
    const asked = domainToASCII(name) || name.toLowerCase();
    const dot = asked.indexOf('.');
    return this.#exact.get(asked) ?? (dot < 0 ? undefined : this.#below.get(asked.slice(dot + 1)));
  }
}
