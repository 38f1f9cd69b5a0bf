import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { CommitQueue } from '../kit/commit-queue.ts';
import { Problem } from '../kit/problem.ts';
import type { Change, ChangeLog } from './change-log.ts';

/** The open event streams. Each reads the log at the pace of its client, so that none is held in memory. */
export interface ChangeFeed {
  /**
   * Streams the changes after `from` until the client leaves or the service drains.
   * @throws Problem 503 where there are too many streams.
   */
  follow(response: ServerResponse, from: number, collection: string | null): Promise<void>;
  /** Ends all streams; their clients come again by themselves. */
  close(): void;
}

const maxStreams = 1000;
const pageSize = 100;
// Comments that tell proxies, and the client, that the stream is alive.
const heartbeatMs = 15_000;

export function createChangeFeed(log: ChangeLog, queue: CommitQueue): ChangeFeed {
  const streams = new Set<{ wake(): void; end(): void }>();
  queue.onCommit(() => {
    for (const stream of streams) stream.wake();
  });
  return {
    async follow(response, from, collection) {
      if (streams.size >= maxStreams)
        throw new Problem(503, 'too_many_streams', `There are ${maxStreams} streams already.`);
      const stream = createStream(response);
      streams.add(stream);
      try {
        await pump(stream, log, from, collection);
      } finally {
        streams.delete(stream);
        stream.end();
      }
    },
    close() {
      for (const stream of streams) stream.end();
    },
  };
}

interface EventStream {
  readonly open: boolean;
  /** Resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Resolves at the next commit, at the end, or after the heartbeat's time. */
  idle(): Promise<void>;
  wake(): void;
  end(): void;
}

async function pump(
  stream: EventStream,
  log: ChangeLog,
  from: number,
  collection: string | null,
): Promise<void> {
  let version = from;
  if (log.isUnknown(from)) {
    version = 0;
    await stream.write('event: reset\ndata: {}\n\n');
  }
  // An id from the beginning, so that a client that loses the connection before the first change misses none.
  await stream.write(`retry: 1000\nid: ${version}\nevent: ready\ndata: {}\n\n`);
  while (stream.open) {
    const changes = log.after(version, collection, pageSize);
    if (changes.length > 0) await stream.write(changes.map(formatEvent).join(''));
    version = changes.at(-1)?.version ?? version;
    if (changes.length < pageSize) await stream.idle();
  }
}

function createStream(response: ServerResponse): EventStream {
  // A commit may come while a write waits for its reader; the flag keeps it until the next look.
  let pending = false;
  let resume: (() => void) | undefined;
  const wake = () => {
    pending = true;
    resume?.();
  };
  const isOpen = () => !response.writableEnded && !response.destroyed;
  response.on('close', wake).on('error', wake);
  return {
    get open() {
      return isOpen();
    },
    async write(text) {
      if (!isOpen() || response.write(text)) return;
      const settled = new AbortController();
      const options = { signal: settled.signal };
      await Promise.race([once(response, 'drain', options), once(response, 'close', options)]).catch(
        () => undefined,
      );
      settled.abort();
    },
    async idle() {
      const timer = setTimeout(() => {
        if (isOpen()) response.write(':\n\n');
        wake();
      }, heartbeatMs);
      if (!pending) {
        await new Promise<void>((resolve) => {
          resume = resolve;
        });
      }
      clearTimeout(timer);
      pending = false;
    },
    wake,
    end() {
      if (isOpen()) response.end();
      wake();
    },
  };
}

function formatEvent({ version, collection, id, body }: Change): string {
  const kind = body === null ? 'delete' : 'put';
  const document = body === null ? '' : `,"document":${body}`;
  const about = `"collection":${JSON.stringify(collection)},"id":${JSON.stringify(id)},"version":${version}`;
  return `id: ${version}\nevent: ${kind}\ndata: {${about}${document}}\n\n`;
}
