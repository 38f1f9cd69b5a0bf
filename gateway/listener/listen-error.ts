/** A port that `streams:` names, as far as an error about it is concerned. */
export interface StreamPort {
  /** `tcp 7000` */
  readonly id: string;
  readonly protocol: 'tcp' | 'udp';
}

/** The purpose of a port; `http`: for clients. */
export type PortUse = 'http' | 'admin' | StreamPort;

/** The gateway can't listen at the configured address. */
export class ListenError extends Error {
  readonly host: string;
  readonly port: number;
  /** The system's code: `EADDRINUSE`. */
  readonly reason: string;
  readonly use: PortUse;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException, use: PortUse = 'http') {
    super(`can't listen on ${placeOf(host, port, use)}: ${reasonOf(cause)}`, { cause });
    this.name = 'ListenError';
    this.host = host;
    this.port = port;
    this.reason = cause.code ?? 'unknown';
    this.use = use;
  }

  /** Where it can't listen, in an operator's words: `127.0.0.1:7000 (the stream udp 7000)`. */
  get place(): string {
    return placeOf(this.host, this.port, this.use);
  }
}

function placeOf(host: string, port: number, use: PortUse): string {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (use === 'http') return place;
  return `${place} (the ${use === 'admin' ? 'admin listener' : `stream ${use.id}`})`;
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return 'the port is taken';
    case 'EACCES':
      return 'the system does not allow it (ports below 1024 are often reserved)';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
      return 'no such host name';
    default:
      return cause.message;
  }
}
