import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ExchangeView, MessageView } from '../../model/exchanges.ts';
import { curlOf, fetchOf, testOf } from '../../observe/exchanges/saved.ts';
import { ask } from '../live/ask.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Drawer } from '../parts/drawer.tsx';
import { FieldList } from '../parts/field-list.tsx';
import { formatBytes, formatMs, formatTime } from '../parts/format.ts';
import { MessagesSection } from '../parts/messages-section.tsx';
import { Section } from '../parts/section.tsx';
import { TextBlock } from '../parts/text-block.tsx';
import { Body } from '../request/result.tsx';
import type { Session } from '../session.ts';
import { ReplaySection } from './replay-section.tsx';
import { StatusSign } from './status-sign.tsx';
import { Waterfall } from './waterfall.tsx';

/** One exchange with all that is known of it. */
export function ExchangeDetails({ id, session }: { readonly id: string; readonly session: Session }) {
  const view = useSignal<ExchangeView | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    const path = `/exchanges/${encodeURIComponent(id)}?bodies=true`;
    void ask<ExchangeView>(path, { signal: ended.signal }).then((told) => {
      if (told.ok) view.value = told.value;
      else if (!ended.signal.aborted) problem.value = told.problem;
    });
    return () => ended.abort();
  }, [id]);
  const exchange = view.value;
  const title = exchange === null ? 'Exchange' : `${exchange.method} ${exchange.target}`;
  return (
    <Drawer title={title} close={() => session.place.choose(null)}>
      {problem.value !== null && (
        <p class="trouble down" role="alert">
          {problem.value}
        </p>
      )}
      {exchange !== null && <Told exchange={exchange} session={session} />}
    </Drawer>
  );
}

function Told({ exchange, session }: { readonly exchange: ExchangeView; readonly session: Session }) {
  const origin = session.feed.status.value?.origin ?? location.origin;
  return (
    <>
      <p class="under">
        <StatusSign exchange={exchange} />
        <span class="quiet">
          {formatTime(exchange.endedAt)}, {formatMs(exchange.totalMs)}, {formatBytes(exchange.bytesOut)}
        </span>
      </p>
      {exchange.code !== null && (
        <p class="cause">
          <strong class="down">{exchange.code}</strong> {exchange.cause}
        </p>
      )}
      <p class="buttons">
        <CopyButton label="curl" text={() => curlOf(exchange, origin)} />
        <CopyButton label="fetch" text={() => fetchOf(exchange, origin)} />
        <CopyButton label="test" text={() => testOf(exchange, origin)} />
      </p>
      <Section title="Where the time went" aside={formatMs(exchange.totalMs)}>
        <Waterfall exchange={exchange} />
      </Section>
      <Section title="Way" aside={null}>
        <Way exchange={exchange} />
      </Section>
      <Message title="Request" message={exchange.request} />
      <Message title="Answer" message={exchange.answer} />
      <MessagesSection of={`request=${encodeURIComponent(exchange.requestId)}`} />
      <ReplaySection exchange={exchange} session={session} />
      <Section title="Why" aside="by the configuration of now">
        <TextBlock text={exchange.why.trim()} label="Why this route" kind="why" />
      </Section>
    </>
  );
}

function Way({ exchange }: { readonly exchange: ExchangeView }) {
  const { route, code, endpoint, attempts, lane, client, user, policy, cache, protocol, requestId, host } =
    exchange;
  const rows: ReadonlyArray<readonly [string, string | null]> = [
    ['route', route ?? (code === 'no_route' ? 'none took it' : 'none: the gateway itself')],
    ['endpoint', endpoint],
    ['attempts', attempts > 1 ? String(attempts) : null],
    ['answered by', policy],
    ['cache', cache],
    ['host', host],
    ['client', client],
    ['user', user],
    ['protocol', `${protocol}, ${lane} lane`],
    ['request id', requestId],
  ];
  return (
    <dl class="facts">
      {rows.map(
        ([name, value]) =>
          value !== null && (
            <>
              <dt>{name}</dt>
              <dd class="mono">{value}</dd>
            </>
          ),
      )}
    </dl>
  );
}

function Message({ title, message }: { readonly title: string; readonly message: MessageView | null }) {
  return (
    <Section title={title} aside={message === null ? null : `${message.fields.length} fields`}>
      {message === null ? (
        <p class="quiet">
          Its fields were not kept: it began before somebody looked, or there were too many.
        </p>
      ) : (
        <FieldList fields={message.fields} />
      )}
      {message?.body && <Body body={message.body} label={`body of the ${title.toLowerCase()}`} />}
    </Section>
  );
}
