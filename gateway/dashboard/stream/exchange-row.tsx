import type { ExchangeSummary } from '../../model/exchanges.ts';
import type { Place } from '../live/place.ts';
import { formatBytes, formatMs, formatTime, NOTHING } from '../parts/format.ts';
import { StatusSign } from './status-sign.tsx';

interface RowParts {
  readonly exchange: ExchangeSummary;
  readonly isOpen: boolean;
  readonly isChosen: boolean;
  /** Whether Tab leads to it; to the others lead `j` and `k`. */
  readonly isStop: boolean;
  /** @param range all from the one that was chosen last. */
  readonly choose: (range: boolean) => void;
  readonly slowestMs: number;
  readonly place: Place;
  /** Where the gateway is reached: it goes without saying. */
  readonly ownHost: string;
}

export function ExchangeRow(parts: RowParts) {
  const { exchange, isOpen, isChosen, isStop, choose, slowestMs, place, ownHost } = parts;
  const { id, endedAt, method, target, host, endpoint, totalMs, bytesOut, user, tunnel } = exchange;
  const tabIndex = isStop ? 0 : -1;
  const pressed = (event: MouseEvent) => {
    const { target: at, shiftKey, ctrlKey, metaKey } = event;
    const picks = (at as Element).closest('.pick') !== null;
    if (picks || shiftKey || ctrlKey || metaKey) choose(shiftKey);
    else place.choose(isOpen ? null : id);
  };
  return (
    <tr
      class={isOpen ? 'open' : isChosen ? 'chosen' : undefined}
      onClick={pressed}
      onMouseDown={keepText}
      data-id={id}
    >
      <td class="pick">
        <input
          type="checkbox"
          data-choose
          tabIndex={tabIndex}
          checked={isChosen}
          aria-label={`Choose ${method} ${target}`}
        />
      </td>
      <td class="time mono quiet" id={`${id}-time`}>
        {formatTime(endedAt)}
      </td>
      <td class="status" id={`${id}-status`}>
        <StatusSign exchange={exchange} />
      </td>
      <th scope="row">
        <div class="line" title={target}>
          <button
            type="button"
            class="path"
            data-row={id}
            tabIndex={tabIndex}
            aria-expanded={isOpen}
            aria-describedby={['status', 'went', 'took', 'time'].map((cell) => `${id}-${cell}`).join(' ')}
          >
            <span class="method">{method}</span> {target}
          </button>
          {tunnel && <span class="chip">tunnel</span>}
          {user !== null && <span class="chip">{user}</span>}
          {host !== null && !isOwn(host, ownHost) && <span class="name wide">{host}</span>}
        </div>
      </th>
      <td class="went" id={`${id}-went`}>
        <div class="line">
          {exchange.code !== null && <span class="trouble down">{exchange.code} </span>}
          <span class="mono">{endpoint ?? wentText(exchange)}</span>
        </div>
      </td>
      <td class="number took">
        <div>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${Math.max(2, (totalMs / slowestMs) * 100)}%` }} />
          </span>
          <span class="ms" id={`${id}-took`}>
            {formatMs(totalMs)}
          </span>
        </div>
      </td>
      <td class="number quiet wide">{bytesOut === 0 ? NOTHING : formatBytes(bytesOut)}</td>
    </tr>
  );
}

/** Shift and a click choose rows, not their text. */
function keepText(event: MouseEvent): void {
  if (event.shiftKey) event.preventDefault();
}

/** This machine has several names. */
function isOwn(host: string, ownHost: string): boolean {
  return host.replace(/^(?:127\.0\.0\.1|\[::1\])(?=:|$)/, 'localhost') === ownHost;
}

/** The answering part, if it was no endpoint. */
function wentText({ policy, cache, code }: ExchangeSummary): string {
  if (cache === 'hit') return 'cache';
  if (policy !== null) return policy;
  return code === 'no_route' ? 'no route' : 'gateway';
}
