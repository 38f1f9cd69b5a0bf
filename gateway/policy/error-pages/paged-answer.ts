import type { Downstream, DownstreamListener, Fields, RepeatedFields } from '../../exchange/contract.ts';
import { DownstreamFilter } from '../../exchange/downstream-filter.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import type { PageTemplate } from './page-template.ts';

/** The client of a service whose errors have pages. Status and fields stay the service's. */
export function pagedAnswer(...[client, ...how]: ConstructorParameters<typeof PagedAnswer>): Downstream {
  return new (client.headAgain ? RepeatingPagedAnswer : PagedAnswer)(client, ...how);
}

class PagedAnswer extends DownstreamFilter implements DownstreamListener {
  readonly #pageOf: (status: number) => PageTemplate | null;
  readonly #wanted: boolean;
  readonly #record: ExchangeRecord;
  /** The page stands in the place of the body. */
  #replaced = false;
  /**
   * Its last byte, which waits for the end of the service's body: a client that has the whole sends its next request, and the connection to the
   * service could not be used again.
   */
  #last: Buffer | null = null;
  #ended = false;
  #late: NodeJS.Timeout | undefined;
  #listener: DownstreamListener | null = null;

  /** @param wanted whether this client prefers a page; in both cases caches learn that the answer depends on Accept */
  constructor(
    client: Downstream,
    pageOf: (status: number) => PageTemplate | null,
    wanted: boolean,
    record: ExchangeRecord,
  ) {
    super(client);
    this.#pageOf = pageOf;
    this.#wanted = wanted;
    this.#record = record;
  }

  override listen(listener: DownstreamListener): void {
    this.#listener = listener;
    this.client.listen(this);
  }

  override head(status: number, reason: string, fields: Fields): void {
    const template = this.templateOf(status);
    if (template === null) return this.client.head(status, reason, fields);
    if (!this.#wanted) return this.client.head(status, reason, [...fields, 'Vary', 'Accept']);
    this.#replaced = true;
    const page = template.of(status, this.#record.requestId);
    this.client.head(status, reason, fieldsWithPage(fields, page));
    if (this.method === 'HEAD') return;
    this.#record.bytesOut += page.length;
    this.client.write(page.subarray(0, -1));
    this.#last = page.subarray(-1);
    this.#late = setTimeout(() => this.#endPage(), ENDS_MAX_MS).unref();
  }

  protected templateOf(status: number): PageTemplate | null {
    return status < 400 ? null : this.#pageOf(status);
  }

  override write(chunk: Buffer): boolean {
    if (!this.#replaced) return this.client.write(chunk);
    // Counted by the forwarding, but not sent.
    this.#record.bytesOut -= chunk.length;
    return !this.#ended;
  }

  override end(trailers: Fields): void {
    if (this.#replaced) this.#endPage();
    else this.client.end(trailers);
  }

  /** If the service has not finished, the forwarding is told that the client has left, and aborts the call. */
  #endPage(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#last) this.client.write(this.#last);
    this.client.end([]);
  }

  /** A service that breaks off its body takes nothing from the page, which is known whole. */
  override abort(): void {
    clearTimeout(this.#late);
    if (this.#last === null || this.#ended) return this.client.abort();
    // The forwarding is over and keeps no time any more. Set before the page ends: where the client takes it at once, `closed` clears it.
    this.#late = setTimeout(() => this.client.abort(), TAKEN_MAX_MS).unref();
    this.#endPage();
  }

  drained(): void {
    this.#listener?.drained();
  }

  held(ms: number): void {
    this.#listener?.held?.(ms);
  }

  closed(completed: boolean): void {
    clearTimeout(this.#late);
    this.#listener?.closed(completed);
  }
}

/** Of a client that takes repeated heads: where no page is concerned, they stay that. */
class RepeatingPagedAnswer extends PagedAnswer {
  headAgain(status: number, reason: string, repeated: RepeatedFields, own: Fields): void {
    if (this.templateOf(status) === null) this.client.headAgain!(status, reason, repeated, own);
    else this.head(status, reason, [...repeated.fields, ...own]);
  }
}

/** From the head of a service's error to its end: the client need not wait for bytes that it does not get. */
const ENDS_MAX_MS = 250;

/** From the end of a page whose service has broken off to its reader's last byte. */
const TAKEN_MAX_MS = 10_000;

/** The fields of the page in place of those of another body. */
export function fieldsWithPage(fields: Fields, page: Buffer): string[] {
  const changed: string[] = [];
  for (let i = 0; i < fields.length; i += 2)
    if (!OF_THE_BODY.has(fields[i]!.toLowerCase())) changed.push(fields[i]!, fields[i + 1]!);
  changed.push('Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(page.length));
  changed.push('Vary', 'Accept');
  return changed;
}

/** Fields that describe the body (RFC 9110 §8, and others). */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  ...['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location'],
  ...['content-disposition', 'content-md5', 'digest', 'content-digest', 'repr-digest'],
  ...['etag', 'last-modified', 'accept-ranges', 'trailer'],
]);
