import type { BenchCase } from './cases.ts';

export interface LoadPlan {
  readonly url: string;
  readonly connections: number;
  /** Whole seconds. */
  readonly seconds: number;
  /** Bytes of a request's body, 0 for GET; of a message through a tunnel. */
  readonly requestBytes: number;
  readonly load: BenchCase['load'];
  /** Requests a second, where the load is paced. */
  readonly perSecond: number;
  /** A further header line of each request. */
  readonly field?: string | undefined;
}

/** Results as the clients saw them. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Bytes received, heads included. */
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Errors in words; empty where every answer was 2xx (or 3xx, which wrk doesn't distinguish) and no socket failed. */
  readonly problems: readonly string[];
}
