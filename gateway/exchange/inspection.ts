import type { RouteConfig } from '../model/config.ts';
import type { Fields } from './contract.ts';
import type { ExchangeDetail } from './detail.ts';
import type { MessageSink } from './messages.ts';
import type { ExchangeRecord } from './record.ts';

/** Says which exchanges have a detail; asked when they arrive. */
export interface Inspection {
  /** `performance.now()` until which somebody looks; 0: nobody does. */
  readonly until: number;
  /** @returns `null`: there are too many to keep this one. */
  begin(requestFields: Fields): ExchangeDetail | null;
  /** Whether the bodies of an exchange of this route are kept, too. */
  captures(route: RouteConfig): boolean;
  /** Where the messages of a tunnel, or of an event stream, of this route go; `null`: nobody looks into it, or into too many others. */
  listens(route: RouteConfig, record: Readonly<ExchangeRecord>): MessageSink | null;
}
