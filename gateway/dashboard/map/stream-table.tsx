import type { StreamStatus } from '../../model/status.ts';
import { stateWords, streamState } from '../../observe/route-state.ts';
import { formatCount } from '../parts/format.ts';
import { StateShape } from '../parts/icons.tsx';

/** Ports below HTTP. */
export function StreamTable({ streams }: { readonly streams: readonly StreamStatus[] }) {
  return (
    <table class="rows raw">
      <caption>Raw ports</caption>
      <thead>
        <tr>
          <th scope="col">Port</th>
          <th scope="col">Leads to</th>
          <th scope="col" class="number">
            Open
          </th>
          <th scope="col" class="number">
            Refused
          </th>
        </tr>
      </thead>
      <tbody>
        {streams.map((stream) => (
          <StreamRow key={stream.id} stream={stream} />
        ))}
      </tbody>
    </table>
  );
}

function StreamRow({ stream }: { readonly stream: StreamStatus }) {
  const { id, endpoints, problem, connections, refused } = stream;
  const state = streamState(stream);
  const reason = problem ?? endpoints.find(({ state }) => state === 'down')?.reason ?? null;
  return (
    <tr>
      <th scope="row">
        <StateShape state={state} />
        <span class="path">{id}</span>
        <span class="unseen">{stateWords[state]}</span>
      </th>
      <td class="leads">
        <span class="endpoints">
          {endpoints.map(({ address }) => (
            <span key={address} class="endpoint">
              {address}
            </span>
          ))}
        </span>
        {reason !== null && <span class="trouble down">{reason}</span>}
      </td>
      <td class="number" data-label="open">
        {formatCount(connections)}
      </td>
      <td class={`number ${refused > 0 ? 'bad' : 'quiet'}`} data-label="refused">
        {formatCount(refused)}
      </td>
    </tr>
  );
}
