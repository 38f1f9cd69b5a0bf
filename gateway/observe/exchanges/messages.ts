import type { MessageSink, SeenMessage } from '../../exchange/messages.ts';
import type { ExchangeRecord } from '../../exchange/record.ts';
import { withoutMembers } from '../../fields/secret-members.ts';
import { shownText } from '../../fields/secrets.ts';
import type { MessageList, MessageQuery, MessageSummary } from '../../model/exchanges.ts';
import { totals } from '../totals.ts';
import { shownContent } from './bodies.ts';

/** Only this part of the exchange: its bodies would live as long as its last message. */
type KeptOf = Readonly<Pick<ExchangeRecord, 'requestId' | 'route' | 'target'>>;

interface KeptMessage {
  readonly seq: number;
  readonly at: number;
  readonly of: KeptOf;
  readonly message: SeenMessage;
}

const KEPT_MAX = 1_000;
const KEPT_MAX_BYTES = 4 << 20;
const KEPT_PER_SECOND = 500;
/** Of a binary message that many bytes are shown. */
const HEX_BYTES = 64;

/** The newest messages of tunnels and event streams, bounded in number, memory, and a second. */
export class KeptMessages {
  /** The oldest first. */
  readonly #kept: KeptMessage[] = [];
  #bytes = 0;
  #next = 1;
  #dropped = 0;
  #sampled = 0;
  #second = 0;
  #inSecond = 0;

  sinkOf({ requestId, route, target }: Readonly<ExchangeRecord>): MessageSink {
    const of = { requestId, route, target };
    return { seen: (message) => this.#keep(of, message) };
  }

  #keep(of: KeptOf, message: SeenMessage): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    if (this.#inSecond++ >= KEPT_PER_SECOND) {
      this.#sampled++;
      return;
    }
    // A part of a large piece must not keep all of it.
    const content = Buffer.from(message.content);
    this.#kept.push({ seq: this.#next++, at: Date.now(), of, message: { ...message, content } });
    this.#bytes += content.length;
    while (this.#kept.length > KEPT_MAX || this.#bytes > KEPT_MAX_BYTES) {
      this.#bytes -= this.#kept.shift()!.message.content.length;
      this.#dropped++;
    }
  }

  /** @param process by which ids, and places in `after`, begin. */
  find(query: MessageQuery, process: string): Omit<MessageList, 'unread'> {
    const { limit, after = {} } = query;
    const messages: MessageSummary[] = [];
    let more = 0;
    for (const kept of this.#kept.toReversed()) {
      if (kept.seq <= (after[process] ?? 0)) break;
      const shown = isOfExchange(kept, query) ? summaryOf(kept, process) : null;
      if (shown === null || !hasText(shown, query.text)) continue;
      if (messages.length < limit) messages.push(shown);
      else more++;
    }
    const newest = { [process]: this.#next - 1 };
    return { messages, more, newest, dropped: this.#dropped, sampled: this.#sampled };
  }
}

function isOfExchange({ of }: KeptMessage, { route, request }: MessageQuery): boolean {
  return (route ?? of.route) === of.route && (request ?? of.requestId) === of.requestId;
}

/** Masked text can't be searched for. */
function hasText({ text, event }: MessageSummary, wanted: string | undefined): boolean {
  return wanted === undefined || `${event ?? ''}\n${text}`.toLowerCase().includes(wanted.toLowerCase());
}

function summaryOf({ seq, at, of, message }: KeptMessage, process: string): MessageSummary {
  const { towards, kind, bytes, content, event } = message;
  return {
    id: `${process}-m${seq.toString(36)}`,
    at,
    requestId: of.requestId,
    route: of.route,
    target: shownText(of.target),
    towards,
    kind,
    bytes,
    truncated: kind !== 'undecodable' && content.length < bytes,
    event,
    ...contentOf(message),
  };
}

function contentOf({ kind, bytes, content }: SeenMessage): Pick<MessageSummary, 'text' | 'hex'> {
  if (kind === 'close') return { text: closeText(content), hex: null };
  if (kind === 'binary' || kind === 'ping' || kind === 'pong')
    return { text: '', hex: content.toString('hex', 0, HEX_BYTES) };
  return { text: messageText(content, content.length < bytes), hex: null };
}

/** RFC 6455 §5.5.1 */
function closeText(content: Buffer): string {
  return content.length < 2
    ? ''
    : `${content.readUInt16BE(0)} ${shownText(content.toString('utf8', 2))}`.trim();
}

/** Protocols have prefixes before their JSON, as Socket.IO's `42["login",{...}]`. */
function messageText(content: Buffer, truncated: boolean): string {
  const json = /^\s*[[{"]/.test(content.toString('latin1', 0, 64));
  return json
    ? (shownContent(content, 'application/json', truncated).text ?? '')
    : withoutMembers(shownText(content.toString()));
}

/** Joins the lists of several processes. */
export function joinedMessages(lists: readonly MessageList[], limit: number): MessageList {
  const { more, ...rest } = totals(lists, 'more', 'dropped', 'sampled', 'unread');
  const all = lists.flatMap(({ messages }) => messages).toSorted((a, b) => b.at - a.at);
  return {
    messages: all.slice(0, limit),
    more: more + Math.max(0, all.length - limit),
    newest: Object.assign({}, ...lists.map(({ newest }) => newest)),
    ...rest,
  };
}
