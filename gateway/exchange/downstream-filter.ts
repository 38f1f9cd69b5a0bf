import type { Downstream, DownstreamListener, Fields, RequestBody } from './contract.ts';

/**
 * Base class of filters between an exchange and its client: passes everything on unchanged; a subclass overrides the calls that it changes.
 */
export class DownstreamFilter implements Downstream {
  protected readonly client: Downstream;

  constructor(client: Downstream) {
    this.client = client;
  }

  get method(): string {
    return this.client.method;
  }

  get fields(): Fields {
    return this.client.fields;
  }

  get body(): RequestBody | null {
    return this.client.body;
  }

  listen(listener: DownstreamListener): void {
    this.client.listen(listener);
  }

  informational(status: number, fields: Fields): void {
    this.client.informational(status, fields);
  }

  head(status: number, reason: string, fields: Fields): void {
    this.client.head(status, reason, fields);
  }

  write(chunk: Buffer): boolean {
    return this.client.write(chunk);
  }

  end(trailers: Fields): void {
    this.client.end(trailers);
  }

  abort(): void {
    this.client.abort();
  }
}
