import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { type ApiKeys, hashKey, readKeys } from '../../policy/auth/api-keys/api-keys.ts';
import { BoundedTable } from '../../policy/bounded-table.ts';
import { FollowedFile } from '../../policy/followed-file.ts';
import { addressNetwork } from '../../policy/rate-limit/address-network.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it came with; `null`: none is asked for, and other machines get less. */
    adminUser: string | null;
  }
}

/** An authenticated user, or a number: keys from that address are not checked for so many milliseconds. */
export type Asker = { readonly user: string } | { readonly user: null; readonly waitMs: number };

interface Session {
  /** Of its key: with the key's line in the file the session ends. */
  readonly keyHash: string;
  readonly until: number;
}

const COOKIE = 'portway-admin';
const SESSION_S = 12 * 60 * 60;
const SESSIONS_MAX = 256;

/** Authenticates requests to an admin listener with keys: by bearer token, or by the cookie of a login. */
export class AdminAccess {
  readonly #keys: FollowedFile<ApiKeys>;
  /** By the hash of the cookie's value, oldest first. */
  readonly #sessions = new Map<string, Session>();
  readonly #guesses = new Guesses();

  /** @param file of keys, which is followed. @throws PolicyError */
  static async open(file: string, log: Logger): Promise<AdminAccess> {
    const keys = new FollowedFile(file, readKeys, log);
    await keys.open();
    return new AdminAccess(keys);
  }

  private constructor(keys: FollowedFile<ApiKeys>) {
    this.#keys = keys;
  }

  /** A cookie first: guesses of others at the same address don't end a session. */
  askerOf(request: IncomingMessage): Asker {
    const { authorization = '' } = request.headers;
    const user = this.#userOf(cookieOf(request));
    if (user !== null) return { user };
    const key = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    return key === undefined ? { user: null, waitMs: 0 } : this.check(key, request);
  }

  check(key: string, { socket }: IncomingMessage): Asker {
    const waitMs = this.#guesses.waitMs(socket.remoteAddress ?? '', Date.now());
    if (waitMs > 0) return { user: null, waitMs };
    const user = this.#keys.value.nameOf(key);
    if (user !== undefined) return { user };
    this.#guesses.count(socket.remoteAddress ?? '', Date.now());
    return { user: null, waitMs: 0 };
  }

  /** Of a key that was right. @param secure whether the browser came by TLS. @returns the `Set-Cookie` */
  begin(key: string, secure: boolean): string {
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size < SESSIONS_MAX) break;
      this.#sessions.delete(oldest);
    }
    const id = randomBytes(32).toString('base64url');
    this.#sessions.set(hashKey(id), { keyHash: hashKey(key), until: Date.now() + 1_000 * SESSION_S });
    return setCookie(id, SESSION_S, secure);
  }

  /** @returns the `Set-Cookie` */
  end(request: IncomingMessage): string {
    const id = cookieOf(request);
    if (id !== null) this.#sessions.delete(hashKey(id));
    return setCookie('', 0, false);
  }

  close(): void {
    this.#keys.close();
  }

  #userOf(id: string | null): string | null {
    const session = id === null ? undefined : this.#sessions.get(hashKey(id));
    if (session === undefined || session.until < Date.now()) return null;
    return this.#keys.value.nameOfHash(session.keyHash) ?? null;
  }
}

function cookieOf({ headers }: IncomingMessage): string | null {
  return /(?:^|;\s*)portway-admin=([\w-]{43})(?:;|$)/.exec(headers.cookie ?? '')?.[1] ?? null;
}

function setCookie(id: string, maxAgeS: number, secure: boolean): string {
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;
}

interface Wrong {
  readonly count: number;
  readonly until: number;
}

const WRONG_MAX = 10;
const PERIOD_MS = 60_000;

/** How many wrong keys came from each address of late. */
class Guesses {
  readonly #wrong = new BoundedTable<Wrong>(1_024);

  /** How long none of its keys is looked at. */
  waitMs(address: string, nowMs: number): number {
    const wrong = this.#wrong.get(addressNetwork(address));
    return wrong !== undefined && wrong.count >= WRONG_MAX ? Math.max(0, wrong.until - nowMs) : 0;
  }

  count(address: string, nowMs: number): void {
    const network = addressNetwork(address);
    const before = this.#wrong.get(network);
    const goesOn = before !== undefined && before.until > nowMs;
    this.#wrong.set(network, {
      count: goesOn ? before.count + 1 : 1,
      until: goesOn ? before.until : nowMs + PERIOD_MS,
    });
  }
}
