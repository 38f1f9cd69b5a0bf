import { isBorrowed } from '../exchange/borrowed-bytes.ts';
import type { BodySink, Fields, RequestBody } from '../exchange/contract.ts';
import { trailerFields } from '../exchange/trailers.ts';

/** Hears how a body proceeds. */
export interface BodyWatcher {
  bodyBegan(): void;
  bodyReceived(bytes: number): void;
  /** Of what was received, so much is in memory until the service takes it, or the collector comes by. */
  bodyKept(bytes: number): void;
  bodyEnded(): void;
  bodyHeld(ms: number): void;
}

/** A request body on its way through: counts it, and knows whom it is waiting for. */
export class WatchedBody implements RequestBody, BodySink {
  readonly #source: RequestBody;
  readonly #watcher: BodyWatcher;
  readonly #decided: ReadonlySet<string> | undefined;
  /** Who takes it; `null`: it has not begun. Once begun, a body can't be sent a second time. */
  #sink: BodySink | null = null;
  #paused = false;
  #ended = false;

  /** @param decided names of fields that its trailers must not have */
  constructor(source: RequestBody, watcher: BodyWatcher, decided?: ReadonlySet<string>) {
    this.#decided = decided;
    this.#source = source;
    this.#watcher = watcher;
  }

  get length(): number | null {
    return this.#source.length;
  }

  get begun(): boolean {
    return this.#sink !== null;
  }

  /** The service would take more, and the client sends nothing. */
  get awaitsClient(): boolean {
    return this.begun && !this.#ended && !this.#paused;
  }

  // What the service's side does.

  read(sink: BodySink): void {
    this.#sink = sink;
    this.#watcher.bodyBegan();
    this.#source.read(this);
  }

  pause(): void {
    this.#paused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#source.resume();
  }

  // What the client's side does.

  data(chunk: Buffer): void {
    this.#watcher.bodyReceived(chunk.length);
    this.#sink!.data(chunk);
    if (this.#paused || !isBorrowed(chunk)) this.#watcher.bodyKept(chunk.length);
  }

  end(trailers: Fields): void {
    this.#ended = true;
    this.#watcher.bodyEnded();
    this.#sink!.end(trailerFields(trailers, this.#decided));
  }

  fail(cause: Error): void {
    this.#sink!.fail(cause);
  }

  held(ms: number): void {
    this.#watcher.bodyHeld(ms);
  }
}
