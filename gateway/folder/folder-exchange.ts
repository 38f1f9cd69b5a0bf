import type { Readable } from 'node:stream';
import type { BulkMemory } from '../exchange/bulk-memory.ts';
import type { Downstream, DownstreamListener, Fields } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { STATUS_CODES } from '../exchange/node-http.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord, noteError } from '../exchange/record.ts';
import type { Clock, Deadline, Timed } from '../exchange/timer-wheel.ts';
import type { ForwardOwner } from '../forward/http.ts';
import type { TimeoutsConfig } from '../model/config.ts';
import type { FileAnswer, FileRequest } from './file-answer.ts';
import type { Folder } from './folder.ts';
import { listingAnswer } from './listing.ts';
import type { OpenFiles } from './open-files.ts';

export interface FolderParts {
  readonly folder: Folder;
  readonly files: OpenFiles;
}

/** The exchange, as the folder needs it. */
export interface FolderPlan extends Pick<FileRequest, 'header'> {
  /** The target without the prefix, with the query. */
  readonly sentTarget: string;
  /** The path as the client knows it, without the query. */
  readonly publicPath: string;
  /** A person opens a page, as far as that is known. */
  readonly isNavigation: boolean;
  readonly timeouts: TimeoutsConfig;
  readonly clock: Clock;
  readonly memory: BulkMemory;
  /** As policies have the fields of an answer. */
  folderFields(fields: Fields): Fields;
}

/** Answers one exchange out of a folder, in the place of forwarding it. */
export class FolderExchange implements DownstreamListener, Timed {
  readonly #folder: Folder;
  readonly #files: OpenFiles;
  readonly #downstream: Downstream;
  readonly #plan: FolderPlan;
  readonly #record: ExchangeRecord;
  readonly #owner: Pick<ForwardOwner, 'failed' | 'closed'>;
  readonly #deadline: Deadline;
  #stream: Readable | null = null;
  #headSent = false;
  /** Bytes that the head has promised, and that are still to come. */
  #missing = 0;
  #blocked = false;
  #holdsFile = false;
  #over = false;

  constructor(
    { folder, files }: FolderParts,
    downstream: Downstream,
    plan: FolderPlan,
    record: ExchangeRecord,
    owner: Pick<ForwardOwner, 'failed' | 'closed'>,
  ) {
    this.#folder = folder;
    this.#files = files;
    this.#downstream = downstream;
    this.#plan = plan;
    this.#record = record;
    this.#owner = owner;
    this.#deadline = plan.clock.deadline(this);
  }

  start(): void {
    this.#downstream.listen(this);
    this.#deadline.arm(this.#plan.timeouts.responseMs);
    this.#answer().catch((cause) => this.#failed(cause));
  }

  async #answer(): Promise<void> {
    const { method } = this.#downstream;
    if (method === 'OPTIONS')
      return this.#send({ status: 204, fields: ['Allow', ALLOW], body: null, length: 0 });
    if (!FOLDER_METHODS.includes(method))
      throw new GatewayError('read_only', `${method} to a folder`, { fields: ['Allow', ALLOW] });
    await this.#files.begin(this);
    if (this.#over) return this.#files.close();
    this.#holdsFile = true;
    const answer = await this.#find(method);
    const { body } = answer;
    if (body !== null && !Buffer.isBuffer(body)) this.#take(body);
    if (!this.#over) this.#send(answer);
  }

  async #find(method: string): Promise<FileAnswer> {
    const { sentTarget, publicPath, isNavigation } = this.#plan;
    const path = sentTarget.split('?', 1)[0]!;
    const found = await this.#folder.find(path);
    const request = { method, header: (name: string) => this.#plan.header(name) };
    if (found.kind === 'listing') return listingAnswer(publicPath, found.entries, method);
    if (found.kind === 'slash-missing') {
      const fields = ['Location', `${publicPath}/${sentTarget.slice(path.length)}`, 'Content-Length', '0'];
      return { status: 308, fields, body: null, length: 0 };
    }
    const file = found.kind === 'file' ? found.file : isNavigation ? await this.#folder.fallback() : null;
    const { fileAnswer } = await import('./file-answer.ts');
    const answer = file && (await fileAnswer(file, request, this.#folder.config));
    if (answer === null)
      throw new GatewayError('no_file', found.kind === 'none' ? found.why : 'the file is gone');
    return answer;
  }

  #take(stream: Readable): void {
    this.#stream = stream;
    stream.on('error', (cause) => this.#cutShort(new GatewayError('answer_truncated', cause.message)));
    if (this.#over) stream.destroy();
  }

  #send({ status, fields, body, length }: FileAnswer): void {
    const { record, timeouts } = { record: this.#record, timeouts: this.#plan.timeouts };
    record.status = status;
    record.headAt = performance.now();
    this.#missing = length;
    this.#headSent = true;
    this.#deadline.arm(timeouts.idleMs);
    this.#downstream.head(status, STATUS_CODES[status] ?? '', this.#plan.folderFields(fields));
    if (this.#over) return;
    // With nothing to wait for: a client that has it all may close before a file of no bytes has been read.
    if (body === null || length === 0) return this.#downstream.end([]);
    if (Buffer.isBuffer(body)) {
      this.#data(body);
      return this.#ended();
    }
    body.on('data', (chunk: Buffer) => this.#data(chunk));
    body.on('end', () => this.#ended());
  }

  #data(chunk: Buffer): void {
    if (this.#over) return;
    // The file may have grown since its length was sent.
    const bytes = chunk.length > this.#missing ? chunk.subarray(0, this.#missing) : chunk;
    if (bytes.length === 0) return;
    this.#missing -= bytes.length;
    this.#record.bytesOut += bytes.length;
    this.#plan.memory.moved(bytes.length);
    this.#deadline.refresh();
    if (this.#downstream.write(bytes)) return;
    this.#blocked = true;
    this.#stream?.pause();
  }

  #ended(): void {
    if (this.#over) return;
    if (this.#missing > 0)
      return this.#cutShort(
        new GatewayError('answer_truncated', 'the file became shorter while it was sent'),
      );
    this.#downstream.end([]);
  }

  drained(): void {
    this.#blocked = false;
    this.#deadline.arm(this.#plan.timeouts.idleMs);
    this.#stream?.resume();
  }

  held(ms: number): void {
    this.#deadline.arm(this.#plan.timeouts.idleMs + ms);
  }

  closed(completed: boolean): void {
    if (this.#over) return;
    if (!completed) {
      noteError(this.#record, new GatewayError('client_left', 'the client closed its connection'));
      this.#record.status = CLIENT_LEFT_STATUS;
    }
    this.#finish();
    this.#owner.closed(null);
  }

  timedOut(): void {
    const { responseMs, idleMs } = this.#plan.timeouts;
    if (!this.#headSent)
      return this.#failed(new GatewayError('file_timeout', `the file was not open within ${responseMs} ms`));
    const code = this.#blocked ? 'reader_timeout' : 'idle_timeout';
    this.#cutShort(new GatewayError(code, `nothing moved for ${idleMs} ms`));
  }

  /** Nothing of an answer is out. */
  #failed(cause: unknown): void {
    if (this.#over) return;
    const error =
      cause instanceof GatewayError
        ? cause
        : new GatewayError('no_file', String((cause as Error).message), { cause });
    if (this.#headSent) return this.#cutShort(error);
    this.#finish();
    this.#owner.failed(error);
  }

  /** The head is out: only breaking off the connection shows that the body is incomplete. */
  #cutShort(error: GatewayError): void {
    if (this.#over) return;
    noteError(this.#record, error);
    this.#finish();
    this.#downstream.abort();
    this.#owner.closed(null);
  }

  #finish(): void {
    this.#over = true;
    this.#deadline.clear();
    this.#stream?.destroy();
    if (this.#holdsFile) this.#files.close();
    else this.#files.giveUp(this);
    this.#holdsFile = false;
  }
}

/** OPTIONS only asks for this list. */
export const FOLDER_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];
const ALLOW = FOLDER_METHODS.join(', ');
