import type { BodySink, RequestBody } from './contract.ts';

/** Base class of filters between a request's body and its reader, like `DownstreamFilter` for answers. */
export class RequestBodyFilter implements RequestBody {
  protected readonly body: RequestBody;

  constructor(body: RequestBody) {
    this.body = body;
  }

  get length(): number | null {
    return this.body.length;
  }

  get expectsContinue(): boolean {
    return this.body.expectsContinue === true;
  }

  read(sink: BodySink): void {
    this.body.read(sink);
  }

  pause(): void {
    this.body.pause();
  }

  resume(): void {
    this.body.resume();
  }
}
