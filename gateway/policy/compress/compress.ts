import type { RoutedExchange } from '../../fields/exchange.ts';
import type { KeptStates } from '../kept.ts';
import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { CodedHeads, withStrongTwins } from './coded-head.ts';
import { CompressedAnswer, EncoderCount } from './compressed-answer.ts';
import { type CompressSettings, compressForm, compressRow } from './keys.ts';

/** Bodies of services and caches, in the coding that the client likes best. */
export const compress = policyWithKey('compress', {
  does: 'Answers are compressed for clients that take it.',
  row: compressRow,
  forms: { compress: compressForm },
  shown: (settings) => settings,
  bind,
});

function bind(settings: CompressSettings | null): BoundPolicy | null {
  if (settings === null) return null;
  const heads = new CodedHeads(settings);
  let count = new EncoderCount();
  const { encodings } = settings;
  return {
    // One count for all routes: the bound is on the memory of the process.
    async open(kept: KeptStates) {
      count = kept.acquire(COUNT, () => new EncoderCount());
      return () => kept.release(COUNT);
    },
    toService: withStrongTwins,
    codedHeads: heads,
    client: (client, exchange) =>
      new CompressedAnswer(client, heads, acceptOf(exchange), exchange.record, count),
    explain: [`compressed by ${(encodings ?? ['zstd', 'br', 'gzip']).join(', ')}, where the client takes it`],
  };
}

/** Under which the count is kept. */
const COUNT = 'encoders of compress';

/** All `Accept-Encoding` of the client. */
export function acceptOf({ facts: { kept } }: RoutedExchange): string | undefined {
  let accept: string | undefined;
  for (let i = 0; i < kept.length; i += 2)
    if (kept[i]!.length === 15 && kept[i]!.toLowerCase() === 'accept-encoding')
      accept = accept === undefined ? kept[i + 1]! : `${accept}, ${kept[i + 1]}`;
  return accept;
}
