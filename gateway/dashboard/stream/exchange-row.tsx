import type { ExchangeSummary } from '../../model/exchanges.ts';
import type { Place } from '../live/place.ts';
import { formatBytes, formatMs, formatTime, NOTHING } from '../parts/format.ts';
import { StatusSign } from './status-sign.tsx';

interface RowParts {
  readonly exchange: ExchangeSummary;
  readonly isOpen: boolean;
  readonly slowestMs: number;
  readonly place: Place;
  /** Where the gateway is reached: it goes without saying. */
  readonly ownHost: string;
}

export function ExchangeRow({ exchange, isOpen, slowestMs, place, ownHost }: RowParts) {
  const { id, endedAt, method, target, host, endpoint, totalMs, bytesOut, user, tunnel } = exchange;
  return (
    <tr class={isOpen ? 'open' : undefined} onClick={() => place.choose(isOpen ? null : id)}>
      <td class="time mono quiet">{formatTime(endedAt)}</td>
      <td class="status">
        <StatusSign exchange={exchange} />
      </td>
      <th scope="row">
        <div class="line">
          <button type="button" class="path" data-row={id} aria-expanded={isOpen} title={target}>
            <span class="method">{method}</span> {target}
          </button>
          {tunnel && <span class="chip">tunnel</span>}
          {user !== null && <span class="chip">{user}</span>}
          {host !== null && !isOwn(host, ownHost) && <span class="name wide">{host}</span>}
        </div>
      </th>
      <td class="went">
        {exchange.code !== null && <span class="trouble down">{exchange.code}</span>}
        <span class="mono">{endpoint ?? wentText(exchange)}</span>
      </td>
      <td class="number took">
        <div>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${Math.max(2, (totalMs / slowestMs) * 100)}%` }} />
          </span>
          <span class="ms">{formatMs(totalMs)}</span>
        </div>
      </td>
      <td class="number quiet wide">{bytesOut === 0 ? NOTHING : formatBytes(bytesOut)}</td>
    </tr>
  );
}

/** This machine has several names. */
function isOwn(host: string, ownHost: string): boolean {
  return host.replace(/^(?:127\.0\.0\.1|\[::1\])(?=:|$)/, 'localhost') === ownHost;
}

/** What answered, where no endpoint did. */
function wentText({ policy, cache, route }: ExchangeSummary): string {
  if (cache === 'hit') return 'cache';
  if (policy !== null) return policy;
  return route === null ? 'no route' : 'gateway';
}
