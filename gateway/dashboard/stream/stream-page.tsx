import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Session } from '../session.ts';
import { ExchangeDetails } from './exchange-details.tsx';
import { ExchangeRow } from './exchange-row.tsx';
import { StreamTools } from './stream-tools.tsx';

/** Exchanges as they happen. */
export function StreamPage(session: Session) {
  const { exchanges, feed, place } = session;
  const filter = exchanges.filter.value;
  // Another filter needs another stream.
  useEffect(() => exchanges.open(), [filter]);
  const opened = place.chosen.value;
  const list = exchanges.list.value;
  const chosen = exchanges.chosen.ids.value;
  const focused = useSignal('');
  const stop = list.find(({ id }) => id === focused.value) ?? list[0];
  const choose = (id: string, range: boolean) => {
    // Rows must not move during a selection.
    if (!exchanges.paused.peek()) exchanges.pause(true);
    const rows = exchanges.list.peek().map((exchange) => exchange.id);
    exchanges.chosen.choose(id, rows, range);
  };
  const ownHost = (feed.status.value?.origin ?? '').replace(/^https?:\/\//, '');
  const slowest = Math.max(1, ...list.map(({ totalMs }) => totalMs));
  return (
    <div class={opened === null ? 'page' : 'page split'}>
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
          <table class={chosen.size === 0 ? 'rows stream' : 'rows stream choosing'}>
            <caption class="unseen">Exchanges, the newest first</caption>
            <thead>
              <tr>
                <th scope="col" class="pick">
                  <span class="unseen">Chosen</span>
                </th>
                <th scope="col" class="time">
                  Time
                </th>
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
            <tbody
              onFocusCapture={({ target }) => {
                focused.value = (target as Element).closest('tr')?.dataset.id ?? '';
              }}
            >
              {list.map((exchange) => (
                <ExchangeRow
                  key={exchange.id}
                  exchange={exchange}
                  isOpen={exchange.id === opened}
                  isChosen={chosen.has(exchange.id)}
                  isStop={exchange === stop}
                  choose={(range) => choose(exchange.id, range)}
                  slowestMs={slowest}
                  place={place}
                  ownHost={ownHost}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
      {opened !== null && <ExchangeDetails key={opened} id={opened} session={session} />}
    </div>
  );
}

function Nothing({ feed, exchanges }: Session) {
  const { text, route, status, since } = exchanges.filter.value;
  const origin = feed.status.value?.origin ?? 'http://localhost:3000';
  if (text + route + status + since !== '')
    return <p class="empty">No exchange is like that. New ones appear here as they end.</p>;
  if (exchanges.paused.value)
    return <p class="empty">The stream is held: what ends meanwhile appears when it goes on.</p>;
  return (
    <p class="empty">
      Nothing yet. Open <a href={origin}>{origin}</a>, or ask it with <code>curl {origin}</code>: each
      exchange appears here when it ends.
    </p>
  );
}
