import type { ExchangeSummary, ExchangeView, MessageView } from '../../model/exchanges.ts';
import { urlOf } from './commands.ts';
import { spansOf } from './spans.ts';

/** Asks for each of them with its fields, and has the browser save them as a file. */
export async function saveHar(list: readonly ExchangeSummary[], origin: string): Promise<void> {
  const views = await Promise.all(list.slice(0, SAVED_MAX).map(({ id }) => whole(id)));
  const text = JSON.stringify(
    harOf(
      views.filter((view) => view !== null),
      origin,
    ),
    null,
    2,
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = 'portway.har';
  link.click();
  URL.revokeObjectURL(link.href);
}

const SAVED_MAX = 200;

/** `null`: newer ones have pushed it out meanwhile. */
async function whole(id: string): Promise<ExchangeView | null> {
  const answer = await fetch(`/exchanges/${encodeURIComponent(id)}`).catch(() => null);
  return answer?.ok ? ((await answer.json()) as ExchangeView) : null;
}

/** HTTP Archive 1.2, as the developer tools of browsers read it. What is masked stays masked. */
export function harOf(views: readonly ExchangeView[], origin: string) {
  return {
    log: {
      version: '1.2',
      creator: { name: 'Portway', version: '1' },
      entries: views.map((view) => entryOf(view, origin)),
    },
  };
}

function entryOf(view: ExchangeView, origin: string) {
  const { startedAt, totalMs, method, protocol, status, request, answer, endpoint, bytesIn, bytesOut } = view;
  const url = urlOf(view, origin);
  const about = { httpVersion: protocol, cookies: [], headersSize: -1 };
  return {
    startedDateTime: new Date(startedAt).toISOString(),
    time: totalMs,
    request: {
      ...about,
      method,
      url,
      headers: fieldsOf(request),
      queryString: [...new URL(url).searchParams].map(([name, value]) => ({ name, value })),
      bodySize: bytesIn,
    },
    response: {
      ...about,
      status,
      statusText: '',
      headers: fieldsOf(answer),
      content: { size: bytesOut, mimeType: mediaTypeOf(answer) },
      redirectURL: fieldOf(answer, 'location') ?? '',
      bodySize: bytesOut,
    },
    cache: {},
    timings: timingsOf(view),
    ...(endpoint !== null && { comment: endpoint }),
  };
}

function timingsOf(view: ExchangeView) {
  const took = (kind: string) =>
    spansOf(view)
      .filter((span) => span.kind === kind)
      .reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return {
    blocked: took('gateway') + took('failed'),
    connect: took('connect'),
    send: 0,
    wait: took('wait'),
    receive: took('body'),
  };
}

function fieldsOf(message: MessageView | null) {
  return (message?.fields ?? []).map(([name, value]) => ({ name, value }));
}

function fieldOf(message: MessageView | null, wanted: string): string | undefined {
  return message?.fields.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function mediaTypeOf(message: MessageView | null): string {
  return fieldOf(message, 'content-type') ?? 'application/octet-stream';
}
