/** What a choice of an endpoint may depend on. */
export interface Choice {
  /** Address of the client. */
  readonly client: string;
  /** A field of the request, its values as one list; `undefined` where there is none, and below HTTP. */
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
