import type { ConfigStatus } from '../../model/status.ts';
import { type Reading, ReadingBuilder } from './reading.ts';

/** What is known of the configuration by whoever follows the file. @param refusals how many newer ones were refused. */
export function readConfig({ reloads, loadedAt, rejected }: ConfigStatus, refusals: number): Reading {
  const reading = new ReadingBuilder();
  reading.add('portway_config_reloads_total', reloads, { result: 'accepted' });
  reading.add('portway_config_reloads_total', refusals, { result: 'refused' });
  reading.add('portway_config_last_reload_timestamp_seconds', loadedAt / 1000);
  reading.add('portway_config_rejected', rejected === null ? 0 : 1);
  return reading.build();
}
