import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { MessageList, MessageSummary } from '../../model/exchanges.ts';
import { ask } from '../live/ask.ts';
import { formatBytes, formatTime } from './format.ts';
import { Section } from './section.tsx';

const EVERY_MS = 1_000;
const SHOWN = 50;

/**
 * Messages of WebSockets and event streams, newest first, as they pass; nothing where no route is inspected.
 * @param of `route=/chat`, or `request=ID`
 */
export function MessagesSection({ of }: { readonly of: string }) {
  const list = useSignal<MessageList | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    const look = async () => {
      if (document.hidden) return;
      const told = await ask<MessageList>(`/messages?${of}&limit=${SHOWN}`, { signal: ended.signal });
      if (told.ok) list.value = told.value;
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      clearInterval(timer);
      ended.abort();
    };
  }, [of]);
  const { messages = [], unread = 0 } = list.value ?? {};
  const unseen = of.startsWith('route=') ? unread : 0;
  if (messages.length === 0 && unseen === 0) return null;
  return (
    <Section title="Messages" aside={messages.length < SHOWN ? String(messages.length) : `the last ${SHOWN}`}>
      {unseen > 0 && (
        <p class="quiet">
          {unseen === 1 ? 'An open connection is' : `${unseen} open connections are`} not looked into: only
          those that open while bodies are kept are.
        </p>
      )}
      <ol class="plain-list messages" aria-label="Messages, the newest first">
        {messages.map((message) => (
          <Message key={message.id} message={message} />
        ))}
      </ol>
    </Section>
  );
}

/** An arrow and a word say which way it went. */
function Message({ message }: { readonly message: MessageSummary }) {
  const { at, towards, kind, event, bytes, text, hex, truncated } = message;
  return (
    <li>
      <span class={towards === 'client' ? 'up' : 'starting'} aria-hidden="true">
        {towards === 'client' ? '←' : '→'}
      </span>{' '}
      <span class="quiet">
        {formatTime(at)} to the {towards}, {event ?? kind}, {formatBytes(bytes)}
      </span>
      <span class={`mono said ${kind === 'undecodable' ? 'down' : ''}`}>
        {hex ?? text}
        {truncated && ' …'}
      </span>
    </li>
  );
}
