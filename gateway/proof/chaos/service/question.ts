/** Where a service listens, on 127.0.0.1. */
export interface ServicePorts {
  readonly http: number;
  readonly tcp: number;
  readonly udp: number;
}

/**
 * What the harness asks of a service: `tally`, what it counted under a tag; `busy`, connections that carry an exchange now; `drop`, to
 * close all connections.
 */
export interface Question {
  readonly id: number;
  readonly ask: 'tally' | 'busy' | 'drop';
  readonly tag: string;
}

/** `id` is that of the question; 0 once, when the service listens. */
export interface Answer {
  readonly id: number;
  readonly answer: unknown;
}
