import type { RouteConfig } from '../model/config.ts';
import type { ExchangeDetail, SeenClient } from './detail.ts';
import type { MessageSink } from './messages.ts';
import type { ExchangeRecord } from './record.ts';

/** Decides on arrival which exchanges get a detail. */
export interface Inspection {
  /** The `performance.now()` until which a dashboard or tail is open; 0: none is. */
  readonly until: number;
  /** @returns `null`: there are too many to keep this one. */
  begin(client: SeenClient): ExchangeDetail | null;
  /** Whether the bodies of an exchange of this route are kept, too. */
  captures(route: RouteConfig): boolean;
  /** Receives the messages of a tunnel or event stream of this route; `null`: the route is not inspected, or too many are already. */
  listens(route: RouteConfig, record: Readonly<ExchangeRecord>): MessageSink | null;
}
