import type { Installed } from '../testing/machine.ts';

/** Where a peer listens and what it forwards: `http://127.0.0.1:<port>/svc/x` to `/x` on the origin. */
export interface Wiring {
  /** A temporary folder of the peer's own, absolute. */
  readonly folder: string;
  readonly port: number;
  readonly originPort: number;
  /** Where it may be looked into. */
  readonly adminPort: number;
  readonly pathPrefix: string;
  /** Whether upgrades are to be carried. */
  readonly tunnel: boolean;
  /** Whether answers are to be kept, in memory. */
  readonly cached: boolean;
  /** Files of a certificate and its key, absolute, where clients come over TLS, by HTTP/1.1 or HTTP/2. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
}

/** How to run a peer: a command whose process stays in the foreground and ends on SIGTERM. */
export interface Launch {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration files, written into the wiring's folder beforehand: name to text. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * A proxy that takes part. All are set up alike: one worker on one core, no access log, connections to the origin kept alive, the path prefix
 * stripped, and where the proxy has a switch for it, X-Forwarded-For, -Host and -Proto sent.
 */
export interface Peer {
  /** For `--only` and the table. */
  readonly name: string;
  /** One line of description for the document. */
  readonly about: string;
  /** Names of the cases that it takes part in; left out: all that are a closed loop to the origin. */
  readonly cases?: readonly string[];
  /** A header line that closed loops send to this peer, such as an API key; other loads do not send it. */
  readonly field?: string;
  /** A stream of `adminPort` that a reader on the other core follows meanwhile. */
  readonly watched?: string;
  /** `null` where it is not installed; the harness then leaves it out and says so. */
  find(): Installed | null;
  launch(installed: Installed, wiring: Wiring): Launch;
}
