import type { JSX } from 'preact';
import type { ExchangeSummary } from '../../model/exchanges.ts';

/** The status with a shape of its class: the colour only helps. */
export function StatusSign({ exchange }: { readonly exchange: Pick<ExchangeSummary, 'status' | 'code'> }) {
  const { status, code } = exchange;
  const kind = kindOf(status, code);
  return (
    <span class={`state ${kind}`}>
      <svg class="shape" viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[kind]}
      </svg>
      {status === 0 ? 'none' : status}
    </span>
  );
}

type Kind = 'up' | 'unknown' | 'partly' | 'down';

function kindOf(status: number, code: string | null): Kind {
  if (status >= 500 || status === 0) return 'down';
  if (status >= 400 || code !== null) return 'partly';
  return status >= 300 || status < 200 ? 'unknown' : 'up';
}

const SHAPES: Readonly<Record<Kind, JSX.Element>> = {
  up: <circle cx="6" cy="6" r="4.5" class="filled" />,
  unknown: <path d="M2 6h8M7 3l3 3-3 3" />,
  partly: <path d="M6 1.5 11 10.5H1z" />,
  down: <path d="M2.5 2.5l7 7m0-7l-7 7" class="thick" />,
};
