import type http from 'node:http';
import { MESSAGE_KEPT_BYTES, type MessageSink } from '../../exchange/messages.ts';
import { FrameReader, type ReadMessage } from './frame-reader.ts';
import { Inflater } from './inflater.ts';

type Towards = 'service' | 'client';

/** Sees the bytes of a WebSocket pass and reports its messages. It changes and delays nothing. */
export class WebSocketTap {
  readonly #sink: MessageSink;
  readonly #readers: Readonly<Record<Towards, FrameReader>>;

  /** @returns `null`: the route is not inspected, or the tunnel is another protocol's */
  static of(sink: MessageSink | null, { headers }: http.IncomingMessage): WebSocketTap | null {
    if (sink === null || headers.upgrade?.toLowerCase() !== 'websocket') return null;
    return new WebSocketTap(sink, headers['sec-websocket-extensions'] ?? '');
  }

  /** @param extensions that were agreed upon. */
  constructor(sink: MessageSink, extensions: string) {
    this.#sink = sink;
    const deflate = /(?:^|,)\s*permessage-deflate\s*(?:;([^,]*))?/i.exec(extensions);
    const keepsContext = (side: string) => !(deflate?.[1] ?? '').includes(`${side}_no_context_takeover`);
    const reader = (towards: Towards, side: string) =>
      new FrameReader(
        towards === 'service',
        deflate !== null,
        this.#teller(towards, deflate && new Inflater(keepsContext(side))),
      );
    this.#readers = { service: reader('service', 'client'), client: reader('client', 'server') };
  }

  seen(bytes: Buffer, towards: Towards): void {
    const reader = this.#readers[towards];
    if (reader.broken !== null) return;
    reader.feed(bytes);
    if (reader.broken !== null) this.#undecodable(towards, `${reader.broken}: what follows is not read`);
  }

  #teller(towards: Towards, inflater: Inflater | null): (message: ReadMessage) => void {
    const tell = (message: ReadMessage) => this.#tell(towards, message, message.content, message.bytes);
    if (inflater === null) return tell;
    return (message) => {
      if (!message.deflated) return void inflater.pass(message.content).then(() => tell(message));
      const { content, bytes } = message;
      void inflater.inflate(content, content.length === bytes).then((inflated) => {
        if (inflated !== null) this.#tell(towards, message, inflated, inflated.length);
        else this.#undecodable(towards, `${bytes} bytes that can’t be inflated, or refer to such`);
      });
    };
  }

  #tell(towards: Towards, { kind }: ReadMessage, content: Buffer, bytes: number): void {
    this.#sink.seen({ towards, kind, bytes, content: content.subarray(0, MESSAGE_KEPT_BYTES), event: null });
  }

  #undecodable(towards: Towards, reason: string): void {
    this.#sink.seen({ towards, kind: 'undecodable', bytes: 0, content: Buffer.from(reason), event: null });
  }
}
