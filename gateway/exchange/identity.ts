import { randomBytes } from 'node:crypto';

/** Makes identifiers out of random digits that are drawn many at a time: a system call for each request would show in profiles. */
export class IdentitySource {
  #digits = '';
  #used = 0;

  /** @returns `bytes` random bytes in hexadecimal. */
  #hex(bytes: number): string {
    if (this.#used + 2 * bytes > this.#digits.length) {
      this.#digits = randomBytes(DRAWN_BYTES).toString('hex');
      this.#used = 0;
    }
    this.#used += 2 * bytes;
    return this.#digits.slice(this.#used - 2 * bytes, this.#used);
  }

  /** A trusted peer's identifier is kept, so that one request has one name on its whole way. */
  requestId(claimed: string | null, trusted: boolean): string {
    return trusted && claimed !== null && PLAUSIBLE_ID.test(claimed) ? claimed : this.#hex(10);
  }

  traceId(): string {
    return this.#hex(16);
  }

  spanId(): string {
    return this.#hex(8);
  }

  /** W3C Trace Context §3.2: passed on as it is where it is valid, else a trace is begun, not sampled. */
  traceparent(received: string | null): string {
    if (received !== null && isTraceparent(received)) return received;
    const ids = this.#hex(24);
    return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
  }
}

const DRAWN_BYTES = 4096;
const PLAUSIBLE_ID = /^[\w.:/+=@-]{1,128}$/;

/** Version ff and ids of zeros are invalid, and so is anything behind the flags of version 00 (§3.2.2). */
export function isTraceparent(value: string): boolean {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(value);
  if (match === null || match[1] === 'ff' || (match[1] === '00' && match[4] !== undefined)) return false;
  return !/^0+$/.test(match[2]!) && !/^0+$/.test(match[3]!);
}
