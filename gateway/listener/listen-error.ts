/** The gateway can't listen where the configuration says. */
export class ListenError extends Error {
  readonly host: string;
  readonly port: number;
  readonly reason: string;

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    super(`can't listen on ${host}:${port}: ${reasonOf(cause)}`, { cause });
    this.name = 'ListenError';
    this.host = host;
    this.port = port;
    this.reason = cause.code ?? 'unknown';
  }
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
