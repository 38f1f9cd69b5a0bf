/** Inputs for choosing an endpoint. */
export interface Choice {
  /** Address of the client. */
  readonly client: string;
  /** A field of the request, repeated ones joined as a list; `undefined`: absent, or not HTTP. */
  header(lowerName: string): string | undefined;
}

/** A connection below HTTP: all that is known of it is where it comes from. */
export class ConnectionChoice implements Choice {
  readonly client: string;

  constructor(client: string) {
    this.client = client;
  }

  header(): undefined {}
}
