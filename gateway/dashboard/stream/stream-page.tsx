import { useEffect } from 'preact/hooks';
import type { Session } from '../app.tsx';
import { ExchangeDetails } from './exchange-details.tsx';
import { ExchangeRow } from './exchange-row.tsx';
import { StreamTools } from './stream-tools.tsx';

/** Exchanges as they happen. */
export function StreamPage(session: Session) {
  const { exchanges, feed, place } = session;
  const filter = exchanges.filter.value;
  // Another filter is another stream.
  useEffect(() => exchanges.open(), [filter]);
  const chosen = place.chosen.value;
  const list = exchanges.list.value;
  const ownHost = (feed.status.value?.origin ?? '').replace(/^https?:\/\//, '');
  const slowest = Math.max(1, ...list.map(({ totalMs }) => totalMs));
  return (
    <div class={chosen === null ? 'page' : 'page split'}>
      <div class="list">
        <StreamTools {...session} />
        {exchanges.problem.value !== null && (
          <section class="notice" role="alert">
            {exchanges.problem.value}
          </section>
        )}
        {list.length === 0 ? (
          <Nothing {...session} />
        ) : (
          <table class="rows stream">
            <caption class="unseen">Exchanges, the newest first</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Status</th>
                <th scope="col">Request</th>
                <th scope="col">Went to</th>
                <th scope="col" class="number">
                  Took
                </th>
                <th scope="col" class="number wide">
                  Size
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((exchange) => (
                <ExchangeRow
                  key={exchange.id}
                  exchange={exchange}
                  isOpen={exchange.id === chosen}
                  slowestMs={slowest}
                  place={place}
                  ownHost={ownHost}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {chosen !== null && <ExchangeDetails key={chosen} id={chosen} session={session} />}
    </div>
  );
}

function Nothing({ feed, exchanges }: Session) {
  const { text, route, status, since } = exchanges.filter.value;
  const origin = feed.status.value?.origin ?? 'http://localhost:3000';
  if (text + route + status + since !== '')
    return <p class="empty">No exchange is like that. New ones appear here as they end.</p>;
  return (
    <p class="empty">
      Nothing yet. Open <a href={origin}>{origin}</a>, or ask it with <code>curl {origin}</code>: each
      exchange appears here when it ends.
    </p>
  );
}
