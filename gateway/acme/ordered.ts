/** The certificates that were ordered, as the processes that show them find them on disk. */

import { type FileContent, readContent } from '../files/content.ts';
import { selfSigned } from '../tls/authority.ts';
import { type KeyPair, readKeyPair } from '../tls/key-pair.ts';
import { certificateFile } from './store.ts';

export interface OrderedCertificates {
  readonly pairs: readonly KeyPair[];
  /** Names without one. */
  readonly missing: readonly string[];
  /** Hashes of the files that were read, by path. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Never throws. */
export async function readOrdered(folder: string, names: readonly string[]): Promise<OrderedCertificates> {
  const hashes = new Map<string, string>();
  const pairs: KeyPair[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const file = certificateFile(folder, name);
    const content = await readContent(file);
    hashes.set(file, content.hash);
    const pair = pairIn(content);
    if (pair) pairs.push(pair);
    else missing.push(name);
  }
  return { pairs, missing, hashes };
}

/** A file that somebody has spoiled is as good as none: it is ordered anew. */
function pairIn(content: FileContent): KeyPair | null {
  if (!content.ok) return null;
  const reading = readKeyPair(content.text, content.text, Date.now());
  return reading.ok ? reading.pair : null;
}

/** A stand-in until there is a certificate: handshakes succeed, and browsers warn that it is untrusted. */
export function standIn(names: readonly string[]): KeyPair {
  const { cert, key } = selfSigned('Portway: no certificate yet', names, STAND_IN_DAYS);
  const reading = readKeyPair(cert, key, Date.now());
  if (!reading.ok) throw new Error(`the stand-in is no certificate: ${reading.fault.found}`);
  return reading.pair;
}

const STAND_IN_DAYS = 30;
