import type { ExchangeSummary, ExchangeView } from '../../model/exchanges.ts';
import { harOf } from '../../observe/exchanges/saved.ts';

/** Asks for each of them with its fields, and has the browser save them as one HTTP archive. */
export async function saveHar(list: readonly ExchangeSummary[], origin: string): Promise<void> {
  const views = await Promise.all(list.map(({ id }) => whole(id)));
  const har = harOf(
    views.filter((view) => view !== null),
    origin,
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(har, null, 2)], { type: 'application/json' }));
  link.download = 'portway.har';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** `null`: newer ones have pushed it out meanwhile. */
async function whole(id: string): Promise<ExchangeView | null> {
  const answer = await fetch(`/exchanges/${encodeURIComponent(id)}?bodies=true`).catch(() => null);
  return answer?.ok ? ((await answer.json()) as ExchangeView) : null;
}
