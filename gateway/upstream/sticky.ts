import { createHmac } from 'node:crypto';
import type { StickyConfig } from '../model/config.ts';
import type { CookieScope } from '../policy/sticky-cookie/sticky-cookie.ts';
import { cookieAt, valueAt } from '../route/cookie.ts';
import type { Candidate } from './candidate.ts';
import type { Choice } from './choice.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * Keeps a client at the endpoint that it was given first, by a cookie that names the endpoint without telling its address: a keyed hash of
 * it, which every process with the same key makes, before and after a restart.
 */
export class Sticky {
  readonly #config: StickyConfig;
  readonly #key: string;
  readonly #tokens = new Map<Endpoint, string>();
  readonly #endpoints = new Map<string, Endpoint>();

  /** @param key of the hash; with it a guessed address could be verified */
  constructor(config: StickyConfig, key: string) {
    this.#config = config;
    this.#key = key;
  }

  /** From now on these may keep their clients. */
  replace(candidates: readonly Candidate[]): void {
    const before = new Map(this.#tokens);
    this.#tokens.clear();
    this.#endpoints.clear();
    for (const { endpoint } of candidates) {
      const token = before.get(endpoint) ?? this.#tokenOf(endpoint);
      this.#tokens.set(endpoint, token);
      this.#endpoints.set(token, endpoint);
    }
  }

  /** Where the client was before, if it may stay there. */
  endpointOf(choice: Choice): Endpoint | null {
    const cookies = choice.header('cookie');
    if (cookies === undefined) return null;
    const { cookie } = this.#config;
    // One name may come several times, set for several paths; the others are not ours.
    for (let at = cookieAt(cookies, cookie, 0); at !== -1; at = cookieAt(cookies, cookie, at)) {
      const endpoint = this.#endpoints.get(valueAt(cookies, at));
      if (endpoint !== undefined) return endpoint;
    }
    return null;
  }

  /** `Set-Cookie` for a client that was not here before; `null`: it has it. */
  setCookie(choice: Choice, endpoint: Endpoint, { path, secure }: CookieScope): string | null {
    if (this.endpointOf(choice) === endpoint) return null;
    const token = this.#tokens.get(endpoint);
    if (token === undefined) return null;
    const { cookie, maxAgeMs } = this.#config;
    const age = maxAgeMs === null ? '' : `; Max-Age=${Math.ceil(maxAgeMs / 1_000)}`;
    return `${cookie}=${token}; Path=${path}${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  #tokenOf({ key }: Endpoint): string {
    const text = `${this.#config.cookie} ${key}`;
    return createHmac('sha256', this.#key).update(text).digest('base64url').slice(0, TOKEN_LENGTH);
  }
}

/** 96 bits. */
const TOKEN_LENGTH = 16;
