import { ExchangeDetail, type SeenClient } from '../../exchange/detail.ts';
import type { Inspection } from '../../exchange/inspection.ts';
import type { MessageSink } from '../../exchange/messages.ts';
import { CLIENT_LEFT_STATUS, type ExchangeRecord } from '../../exchange/record.ts';
import type { TimeSlice } from '../../exchange/time-slice.ts';
import type { RouteConfig } from '../../model/config.ts';
import type {
  Capture,
  ExchangeList,
  ExchangeQuery,
  ExchangeView,
  KeptRequest,
  MessageList,
  MessageQuery,
} from '../../model/exchanges.ts';
import type { ExplainInput, Explanation } from '../../route/explanation.ts';
import { totals } from '../totals.ts';
import { KeptMessages } from './messages.ts';
import { isForAll, isMeant } from './query.ts';
import { ExchangeRing, type KeptExchange, type RingBounds } from './ring.ts';
import { Sample } from './sample.ts';
import { TextSearch } from './text-search.ts';
import { explainInput, keptRequest, summaryOf, viewOf, withBodies } from './view.ts';

export interface InspectorOptions {
  /** Keeps exchanges whether or not somebody looks. */
  readonly always: boolean;
  readonly explain: (input: ExplainInput) => Explanation;
  /** Of all routes: how many tunnels each has open. */
  readonly traffic: () => readonly { readonly id: string; readonly tunnels: number }[];
  readonly slice: TimeSlice;
  readonly bounds?: RingBounds;
  /** How many a second are kept; the rest is counted. */
  readonly perSecond?: number;
}

/**
 * Keeps the newest exchanges of this process while a reader is active: asking for exchanges activates it for a minute. Without a reader, an
 * exchange costs one comparison.
 */
export class Inspector implements Inspection {
  readonly #options: InspectorOptions;
  readonly #ring: ExchangeRing;
  readonly #perSecond: number;
  /** The instants of `since` and of the second that is counted are `performance.now()`. */
  #since = 0;
  #secondBegan = 0;
  #inSecond = 0;
  #sampled = 0;
  readonly #sample = new Sample();
  /** Those that somebody looks at stay, so that they can be sent again however many came since. */
  readonly #looked = new Map<string, KeptExchange>();
  #capture: Capture | null = null;
  #capturing = 0;
  readonly #listening = new Set<Readonly<ExchangeRecord>>();
  readonly #messages = new KeptMessages();
  until: number;

  constructor(options: InspectorOptions) {
    const { always, bounds, perSecond = KEPT_PER_SECOND } = options;
    this.#options = options;
    this.#ring = new ExchangeRing(bounds);
    this.#perSecond = perSecond;
    this.until = always ? Number.POSITIVE_INFINITY : 0;
  }

  // Filled by exchanges.

  begin(client: SeenClient): ExchangeDetail | null {
    const max = this.#perSecond * PLAIN_SHARE;
    return this.#hasRoom(performance.now(), max) ? new ExchangeDetail(client) : null;
  }

  /** Only so many at once: each holds the beginning of two bodies. */
  captures(route: RouteConfig): boolean {
    if (!this.#isLookedInto(route) || this.#capturing >= CAPTURING_MAX) return false;
    this.#capturing++;
    return true;
  }

  /** A bounded number at once: each may hold windows of deflate for both directions. */
  listens(route: RouteConfig, record: Readonly<ExchangeRecord>): MessageSink | null {
    if (!this.#isLookedInto(route) || this.#listening.size >= CAPTURING_MAX) return null;
    this.#listening.add(record);
    return this.#messages.sinkOf(record);
  }

  #isLookedInto({ id, inspect }: RouteConfig): boolean {
    return (inspect && this.#options.always) || this.#isCaptured(id);
  }

  #isCaptured(route: string | null): boolean {
    const asked = this.captured;
    return asked !== null && (asked.route ?? route) === route;
  }

  /** It is over, and has a detail or somebody looks. */
  ended(record: ExchangeRecord): void {
    // An exchange counted by `captures` has an answer body, possibly empty.
    if (record.detail !== null && record.detail.answerBody !== null) this.#capturing--;
    if (record.detail !== null && record.detail.messages !== null) this.#listening.delete(record);
    // It has a detail because it is traced.
    if (record.endedAt >= this.until) return;
    const { detail } = record;
    if (detail === null ? this.#isWorthIt(record) : this.#isMeant(record)) {
      this.#ring.keep(record, Date.now());
      return;
    }
    this.#sampled++;
    // An exchange that is dropped gives its place in this second to one that is worth more.
    if (detail !== null && this.#inSecond > 0) this.#inSecond--;
  }

  /** In development, and where somebody asked for bodies, none is left out that has a detail. */
  #isMeant(record: ExchangeRecord): boolean {
    const { route, endedAt } = record;
    return (
      this.#options.always ||
      !wentWell(record) ||
      this.#isCaptured(route) ||
      this.#sample.takes(route, endedAt)
    );
  }

  /** Without its fields: it began before somebody looked, or it failed. */
  #isWorthIt({ startedAt, endedAt, status, errorCode }: ExchangeRecord): boolean {
    const failed = status >= 500 || (errorCode !== null && status !== CLIENT_LEFT_STATUS);
    return (startedAt < this.#since || failed) && this.#hasRoom(endedAt, this.#perSecond);
  }

  #hasRoom(now: number, max: number): boolean {
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#inSecond = 0;
    }
    if (this.#inSecond >= max) return false;
    this.#inSecond++;
    return true;
  }

  // Asked by people.

  async find(query: ExchangeQuery): Promise<ExchangeList> {
    this.#look();
    const exchanges = [];
    let more = 0;
    const newest = { [PROCESS]: this.#ring.newestSeq };
    const { slice } = this.#options;
    const { text, after } = query;
    // Readers that follow ask twice a second.
    const search = text === undefined ? null : new TextSearch(text, after === undefined ? 500 : 25);
    const there = this.#ring.countAfter(after?.[PROCESS] ?? 0);
    for (const kept of this.#ring.newest(after?.[PROCESS])) {
      if (slice.isOver) await slice.next();
      if (exchanges.length === query.limit && isForAll(query)) {
        more = there - query.limit;
        break;
      }
      if (!isMeant(kept, query)) continue;
      if (search !== null && !(await search.finds(kept))) continue;
      if (exchanges.length < query.limit) exchanges.push(summaryOf(kept, idOf(kept)));
      else more++;
    }
    return { exchanges, more, newest, dropped: this.#ring.dropped, sampled: this.#sampled };
  }

  /** @param bodies whether they are shown, too, as far as they were kept. */
  async one(id: string, bodies: boolean): Promise<ExchangeView | null> {
    this.#look();
    const kept = this.#keptAs(id);
    if (kept === null) return null;
    this.#looked.delete(id);
    this.#looked.set(id, kept);
    for (const oldest of this.#looked.keys())
      if (this.#looked.size > LOOKED_KEPT) this.#looked.delete(oldest);
    const view = viewOf(kept, id, this.#options.explain(explainInput(kept)));
    return bodies ? withBodies(view, kept) : view;
  }

  /** Of tunnels and event streams that are looked into. */
  messages(query: MessageQuery): MessageList {
    this.#look();
    return { ...this.#messages.find(query, PROCESS), unread: this.#unread(query.route) };
  }

  #unread(route: string | undefined): number {
    let unread = 0;
    for (const { id, tunnels } of this.#options.traffic()) if ((route ?? id) === id) unread += tunnels;
    for (const one of this.#listening) if (one.tunnel && (route ?? one.route) === one.route) unread--;
    return Math.max(0, unread);
  }

  /** For a replay. */
  async request(id: string): Promise<KeptRequest | null> {
    const kept = this.#keptAs(id);
    return kept === null ? null : keptRequest(kept);
  }

  #keptAs(id: string): KeptExchange | null {
    const [process, seq = ''] = id.split('-');
    const inRing = process === PROCESS ? this.#ring.of(Number.parseInt(seq, 36)) : undefined;
    return inRing ?? this.#looked.get(id) ?? null;
  }

  get captured(): Capture | null {
    return currentCapture(this.#capture);
  }

  capture(capture: Capture | null): void {
    this.#capture = capture;
    if (capture !== null) this.#look();
  }

  #look(): void {
    if (this.#options.always) return;
    const now = performance.now();
    if (now >= this.until) this.#since = now;
    const capturing = (this.captured?.until ?? 0) - Date.now();
    this.until = now + Math.max(LOOKED_AT_MS, capturing);
  }
}

/** Of several workers each has exchanges of its own. */
const PROCESS: string = process.pid.toString(36);

function idOf({ seq }: KeptExchange): string {
  return `${PROCESS}-${seq.toString(36)}`;
}

/** Its time may be over. */
export function currentCapture(capture: Capture | null): Capture | null {
  return capture !== null && Date.now() < capture.until ? capture : null;
}

/** Joins the lists of several processes. */
export function joinedLists(lists: readonly ExchangeList[], limit: number): ExchangeList {
  const { more, ...rest } = totals(lists, 'more', 'dropped', 'sampled');
  const all = lists.flatMap(({ exchanges }) => exchanges).toSorted((a, b) => b.endedAt - a.endedAt);
  return {
    exchanges: all.slice(0, limit),
    more: more + Math.max(0, all.length - limit),
    newest: Object.assign({}, ...lists.map(({ newest }) => newest)),
    ...rest,
  };
}

/** Without error, retry or delay. */
function wentWell({ status, errorCode, attempts, startedAt, endedAt, tunnel }: ExchangeRecord): boolean {
  return status < 400 && errorCode === null && attempts <= 1 && !tunnel && endedAt - startedAt < SLOW_MS;
}

const SLOW_MS = 1_000;
const CAPTURING_MAX = 64;
const KEPT_PER_SECOND = 1_000;
/** The rest of the ring is for failures, which are what people look for. */
const PLAIN_SHARE = 0.75;
const LOOKED_AT_MS = 60_000;
const LOOKED_KEPT = 16;
