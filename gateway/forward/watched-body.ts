import { isBorrowed } from '../exchange/borrowed-bytes.ts';
import type { BodySink, Fields, RequestBody } from '../exchange/contract.ts';
import { trailerFields } from '../exchange/trailers.ts';

/** Hears how a body proceeds. */
export interface BodyWatcher {
  bodyBegan(): void;
  bodyReceived(bytes: number): void;
  /** Received bytes that are in memory until the service accepts them, or the collector runs. */
  bodyKept(bytes: number): void;
  bodyEnded(): void;
  bodyHeld(ms: number): void;
}

/** A request body on its way through: counts it, and knows which side it waits for. */
export class WatchedBody implements RequestBody, BodySink {
  readonly #source: RequestBody;
  readonly #watcher: BodyWatcher;
  readonly #decided: ReadonlySet<string> | undefined;
  /** Receives the body; `null`: reading has not begun. Once begun, a body can't be sent a second time. */
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

  // Called by the service's side.

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

  // Called by the client's side.

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
