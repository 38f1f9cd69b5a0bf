import type { StreamConfig } from '../../model/config.ts';

/** Everything but where in the file it stands: two streams with the same signature treat a connection alike. */
export function streamSignature(config: StreamConfig): string {
  const { source: _source, ...meaning } = config;
  return JSON.stringify(meaning);
}
