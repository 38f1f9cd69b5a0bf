import type { OrderedCertificateStatus } from '../model/status.ts';
import type { Feed } from './live/feed.ts';
import { formatDay, formatShare, formatTime } from './parts/format.ts';
import { TextBlock } from './parts/text-block.tsx';

/** Problems of the gateway as a whole, above every page. */
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
      {feed.link.value === 'out' && (
        <section class="notice" role="alert">
          <strong>You are logged out.</strong> What is shown is what the gateway said before.{' '}
          <a href="/login">Log in</a>
        </section>
      )}
      {rejected !== null && (
        <section class="notice" role="alert">
          <strong>{fileName(status!.config.file)} was not taken into use.</strong> The configuration before it
          keeps serving. Correct this and save the file:
          <TextBlock text={rejected.trimEnd()} label="problems of the file" />
        </section>
      )}
      {status?.config.discovery?.failure && (
        <section class="notice" role="alert">
          <strong>Containers can’t be looked for</strong> at {status.config.discovery.source}:{' '}
          {status.config.discovery.failure}. Those that are known are served on.
        </section>
      )}
      {status?.shared?.failure && (
        <section class="notice" role="alert">
          <strong>The Redis is away</strong> since {formatTime(status.shared.since)}: {status.shared.failure}.
          This gateway goes on alone: limits and purges are its own until it is back ({status.shared.place}).
        </section>
      )}
      {status?.shared && status.shared.versions > 1 && (
        <section class="notice">
          <strong>Replicas serve {status.shared.versions} configurations:</strong>{' '}
          {status.shared.replicas.map(({ host, version }) => `${host} ${version}`).join(', ')}.
        </section>
      )}
      {status?.config.unserved && (
        <section class="notice" role="alert">
          <strong>Not all of the configuration can be served.</strong> All else is; correct this:
          <TextBlock text={status.config.unserved.trimEnd()} label="what can not be served" />
        </section>
      )}
      {status !== null && status.refusedShare > 0 && (
        <section class="notice" role="alert">
          <strong>Overloaded:</strong> {formatShare(status.refusedShare)} of new requests are refused, so that
          the others are answered in time.
        </section>
      )}
      {status?.certificates.map((certificate) => (
        <CertificateNotice key={certificate.name} of={certificate} />
      ))}
      {status?.notReady && (
        <section class="notice" role="alert">
          <strong>It takes no new requests:</strong> it is {status.notReady}.
        </section>
      )}
    </>
  );
}

/** The last order of a certificate has failed. */
function CertificateNotice({
  of: { name, error, expiresAt, nextTryAt },
}: {
  readonly of: OrderedCertificateStatus;
}) {
  if (error === null) return null;
  const shown =
    expiresAt === null
      ? 'Nobody vouches for what is shown.'
      : `The one that is shown is valid until ${formatDay(expiresAt)}.`;
  return (
    <section class="notice" role="alert">
      <strong>The certificate of {name} could not be had.</strong> {shown}
      {nextTryAt !== null && ` The next try is at ${formatTime(nextTryAt)}.`}
      <TextBlock text={error.detail} label={`why ${name} has no new certificate`} />
    </section>
  );
}

export function fileName(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}
