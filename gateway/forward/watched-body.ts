import type { BodySink, RequestBody } from '../exchange/contract.ts';

/** Who wants to know how the body gets on. */
export interface BodyWatcher {
  bodyBegan(): void;
  bodyReceived(bytes: number): void;
  bodyEnded(): void;
}

/** A request body on its way through: counts it, and knows whom it is waiting for. */
export class WatchedBody implements RequestBody {
  readonly #source: RequestBody;
  readonly #watcher: BodyWatcher;
  /** Once begun, a body can't be sent a second time. */
  begun = false;
  #paused = false;
  #ended = false;

  constructor(source: RequestBody, watcher: BodyWatcher) {
    this.#source = source;
    this.#watcher = watcher;
  }

  get length(): number | null {
    return this.#source.length;
  }

  /** The service would take more, and the client sends nothing. */
  get awaitsClient(): boolean {
    return this.begun && !this.#ended && !this.#paused;
  }

  read(sink: BodySink): void {
    this.begun = true;
    this.#watcher.bodyBegan();
    this.#source.read({
      data: (chunk) => {
        this.#watcher.bodyReceived(chunk.length);
        sink.data(chunk);
      },
      end: (trailers) => {
        this.#ended = true;
        this.#watcher.bodyEnded();
        sink.end(trailers);
      },
      fail: (cause) => sink.fail(cause),
    });
  }

  pause(): void {
    this.#paused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#source.resume();
  }
}
