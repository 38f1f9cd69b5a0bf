import type { ExchangeView } from '../../model/exchanges.ts';
import { harOf } from '../../observe/exchanges/saved.ts';

/** Loads the exchanges and lets the browser save them as one HTTP archive. @returns how many are not kept any more */
export async function saveHar(ids: readonly string[], origin: string): Promise<number> {
  const views = (await Promise.all(ids.map(whole))).filter((view) => view !== null);
  const har = harOf(
    views.toSorted((a, b) => b.endedAt - a.endedAt),
    origin,
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([JSON.stringify(har, null, 2)], { type: 'application/json' }));
  link.download = 'portway.har';
  link.click();
  URL.revokeObjectURL(link.href);
  return ids.length - views.length;
}

/** `null`: newer ones have pushed it out meanwhile. */
async function whole(id: string): Promise<ExchangeView | null> {
  const answer = await fetch(`/exchanges/${encodeURIComponent(id)}?bodies=true`).catch(() => null);
  return answer?.ok ? ((await answer.json()) as ExchangeView) : null;
}
