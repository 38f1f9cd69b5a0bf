import type { Feed } from './live/feed.ts';
import { formatShare, formatTime } from './parts/format.ts';
import { TextBlock } from './parts/text-block.tsx';

/** What is wrong with the gateway as a whole, above every page. */
export function Notices({ feed }: { readonly feed: Feed }) {
  const status = feed.status.value;
  const rejected = status?.config.rejected ?? null;
  return (
    <>
      {feed.link.value === 'lost' && (
        <section class="notice" role="alert">
          <strong>The gateway can’t be reached</strong> since {formatTime(feed.lostSince.value)}. What is
          shown is what it said last; it is asked again every second.
        </section>
      )}
      {rejected !== null && (
        <section class="notice" role="alert">
          <strong>{fileName(status!.config.file)} was not taken into use.</strong> The configuration before it
          keeps serving. Correct this and save the file:
          <TextBlock text={rejected.trimEnd()} label="problems of the file" />
        </section>
      )}
      {status !== null && status.refusedShare > 0 && (
        <section class="notice" role="alert">
          <strong>Overloaded:</strong> {formatShare(status.refusedShare)} of new requests are refused, so that
          the others are answered in time.
        </section>
      )}
      {status?.notReady && (
        <section class="notice" role="alert">
          <strong>It takes no new requests:</strong> it is {status.notReady}.
        </section>
      )}
    </>
  );
}

export function fileName(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}
