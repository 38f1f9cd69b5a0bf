/** The files that `tls:` names, read and held against each other. */

import { X509Certificate } from 'node:crypto';
import { readContent } from '../files/content.ts';
import type { CertificateFiles, TlsConfig } from '../model/config.ts';
import { type KeyPair, readKeyPair } from '../tls/key-pair.ts';
import type { Fault } from './problem-list.ts';
import type { PathKey } from './source.ts';

export interface TlsMaterial {
  /** In the order of the configuration; none with `dev`. */
  readonly pairs: readonly KeyPair[];
  /** PEM of the authorities of clients' certificates; `null`: none is asked for. */
  readonly clientCa: string | null;
  /** Faults that do not prevent the use of a certificate. */
  readonly warnings: readonly string[];
  /** Hashes of the files that were read, by path. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** A fault, with the key of the configuration that names the file. */
export interface TlsFault {
  readonly path: readonly PathKey[];
  readonly fault: Fault;
}

export type TlsReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly faults: readonly TlsFault[] };

/** Never throws. @param now milliseconds since the epoch. @param at the key whose certificates these are */
export async function readTlsFiles(
  tls: TlsConfig,
  now: number,
  at: readonly PathKey[] = ['tls', 'certificates'],
): Promise<TlsReading> {
  const reader = new TlsFileReader(now, at);
  if (tls.certificates !== 'dev')
    for (const [index, files] of tls.certificates.entries()) await reader.readPair(files, index);
  if (tls.clientCertificates) await reader.readClientCa(tls.clientCertificates.ca);
  const { faults, pairs, clientCa, warnings, hashes } = reader;
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, material: { pairs, clientCa, warnings, hashes } };
}

const CHAIN = 'a certificate chain in PEM';
const KEY = 'the private key of the certificate in PEM';
const AUTHORITIES = 'certificates of authorities in PEM';

class TlsFileReader {
  readonly #now: number;
  readonly #at: readonly PathKey[];
  readonly faults: TlsFault[] = [];
  readonly pairs: KeyPair[] = [];
  readonly warnings: string[] = [];
  readonly hashes = new Map<string, string>();
  clientCa: string | null = null;

  constructor(now: number, at: readonly PathKey[]) {
    this.#now = now;
    this.#at = at;
  }

  async readPair(files: CertificateFiles, index: number): Promise<void> {
    const path = [...this.#at, index];
    const cert = await this.#read(files.cert, [...path, 'cert'], CHAIN);
    const key = await this.#read(files.key, [...path, 'key'], KEY);
    if (cert === null || key === null) return;
    const reading = readKeyPair(cert, key, this.#now);
    if (reading.ok) {
      this.pairs.push(reading.pair);
      this.warnings.push(...reading.warnings);
      return;
    }
    const { of, found, hint } = reading.fault;
    this.faults.push({ path: [...path, of], fault: { expected: of === 'cert' ? CHAIN : KEY, found, hint } });
  }

  async readClientCa(file: string): Promise<void> {
    const path = ['tls', 'clientCertificates', 'ca'];
    const text = await this.#read(file, path, AUTHORITIES);
    if (text === null) return;
    const fault = faultOfAuthority(text);
    if (fault === null) this.clientCa = text;
    else this.faults.push({ path, fault });
  }

  async #read(file: string, path: readonly PathKey[], expected: string): Promise<string | null> {
    const content = await readContent(file);
    this.hashes.set(file, content.hash);
    if (content.ok) return content.text;
    this.faults.push({ path, fault: { expected, found: content.found, hint: hintFor(content.hash, file) } });
    return null;
  }
}

function faultOfAuthority(text: string): Fault | null {
  try {
    if (new X509Certificate(text).ca) return null;
    const hint = 'name the certificate of the authority that signs them, not that of a client';
    return { expected: AUTHORITIES, found: 'one that may not sign others', hint };
  } catch {
    const hint = 'a PEM file has a line -----BEGIN CERTIFICATE-----';
    return { expected: AUTHORITIES, found: 'no certificate', hint };
  }
}

/** @param state as `readContent` names it */
function hintFor(state: string, file: string): string {
  if (state === 'unreadable:ENOENT') return 'the path begins in the folder of the configuration';
  if (/:(EACCES|EPERM)$/.test(state)) return `give the user that runs the gateway the right to read ${file}`;
  if (state.startsWith('unreadable:')) return `check ${file}`;
  return 'a file in DER becomes PEM by: openssl x509 -inform der -in FILE -out FILE.pem (keys: openssl pkey)';
}
