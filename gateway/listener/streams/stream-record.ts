import { type ExchangeRecord, newExchangeRecord } from '../../exchange/record.ts';
import type { StreamConfig } from '../../model/config.ts';

/** A stream's connection or session leaves the same line in the log as an HTTP exchange; its status stays 0, for it has none. */
export function beginRecord(config: StreamConfig, requestId: string, client: string): ExchangeRecord {
  const protocol = config.protocol.toUpperCase();
  const record = newExchangeRecord(requestId, protocol, String(config.listen.port), protocol, client);
  record.route = config.id;
  record.tunnel = true;
  return record;
}

export function clearError(record: ExchangeRecord): void {
  record.errorCode = null;
  record.errorType = null;
  record.cause = null;
}

export function endRecord(record: ExchangeRecord): void {
  record.endedAt = performance.now();
}
