import type { ConfigStatus, OrderedCertificateStatus, SharedStatus } from '../../model/status.ts';
import { type Reading, ReadingBuilder } from './reading.ts';

/** Readings of the process that follows the file. @param refusals the number of newer configurations that were refused */
export function readConfig({ reloads, loadedAt, rejected }: ConfigStatus, refusals: number): Reading {
  const reading = new ReadingBuilder();
  reading.add('portway_config_reloads_total', reloads, { result: 'accepted' });
  reading.add('portway_config_reloads_total', refusals, { result: 'refused' });
  reading.add('portway_config_last_reload_timestamp_seconds', loadedAt / 1000);
  reading.add('portway_config_rejected', rejected === null ? 0 : 1);
  return reading.build();
}

/** Readings of the process that orders certificates. @param results the number of orders by result */
export function readCertificates(
  certificates: readonly OrderedCertificateStatus[],
  results: { readonly issued: number; readonly failed: number },
): Reading {
  const reading = new ReadingBuilder();
  for (const { name, expiresAt, failures } of certificates) {
    reading.add('portway_acme_certificate_expires_timestamp_seconds', (expiresAt ?? 0) / 1000, { name });
    reading.add('portway_acme_failures', failures, { name });
  }
  reading.add('portway_acme_orders_total', results.issued, { result: 'issued' });
  reading.add('portway_acme_orders_total', results.failed, { result: 'failed' });
  return reading.build();
}

/** Readings of the process that is connected to the Redis. */
export function readShared(shared: SharedStatus | null): Reading {
  const reading = new ReadingBuilder();
  if (shared === null) return reading.build();
  const { failure, replicas, versions, words } = shared;
  reading.add('portway_shared_up', failure === null ? 1 : 0);
  reading.add('portway_shared_replicas', replicas.length);
  reading.add('portway_shared_config_versions', versions);
  reading.add('portway_shared_counts_total', words.shared, { result: 'shared' });
  reading.add('portway_shared_counts_total', words.local, { result: 'local' });
  return reading.build();
}
