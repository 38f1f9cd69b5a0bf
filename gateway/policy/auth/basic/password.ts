/** Passwords as a file keeps them: `$scrypt$ln=15,r=8,p=3$salt$hash`, the PHC string format, salt and hash in base64 without padding. */

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

export interface PasswordHash {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** RFC 7914 §2: log₂ of N, r and p. */
export interface ScryptCost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB of memory and some 0.2 s of one core, as the OWASP Password Storage Cheat Sheet asks for. */
export const OWN_COST: ScryptCost = { ln: 15, r: 8, p: 3 };

/** The most that a line may demand, so that no file makes the gateway use gigabytes. */
const MAX_MEMORY_BYTES = 128 * 2 ** 20;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const FORM =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43,86})$/;

/** `null`: not a supported hash. */
export function parsePasswordHash(text: string): PasswordHash | null {
  const [, ln, r, p, salt, hash] = FORM.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  const sound = cost.ln >= 10 && cost.r >= 1 && cost.p >= 1 && cost.p <= 16;
  if (!sound || memoryOf(cost) > MAX_MEMORY_BYTES) return null;
  return { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
}

function memoryOf({ ln, r }: ScryptCost): number {
  return 128 * 2 ** ln * r;
}

/** For a line of the file. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, OWN_COST, HASH_BYTES);
  const { ln, r, p } = OWN_COST;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** Off the event loop, and in the same time for every password. */
export async function isPassword(password: string, { cost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, cost, hash.length), hash);
}

/** A hash that no password has, which costs as much to check as those with this cost. */
export function unknownHash(cost: ScryptCost): PasswordHash {
  return { cost, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

function derive(password: string, salt: Buffer, cost: ScryptCost, bytes: number): Promise<Buffer> {
  const options: ScryptOptions = {
    cost: 2 ** cost.ln,
    blockSize: cost.r,
    parallelization: cost.p,
    maxmem: 2 * MAX_MEMORY_BYTES,
  };
  // RFC 8265 §4.2: keyboards compose the same characters differently.
  const text = password.normalize('NFC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
