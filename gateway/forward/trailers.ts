import type { Fields } from './exchange.ts';

/**
 * What must not come behind a body (RFC 9110 §6.5.1): whoever merges trailers into the header section would act upon it too late, or
 * in place of what stood in front. Hop-by-hop fields are among them, and those that are rewritten on their way to the client.
 */
const NEVER_BEHIND: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'host',
  'keep-alive',
  'link',
  'location',
  'proxy-connection',
  'refresh',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The trailers of a service's answer that may go on. */
export function trailerFields(trailers: Fields): Fields {
  if (trailers.length === 0) return trailers;
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    if (!NEVER_BEHIND.has(trailers[i]!.toLowerCase())) kept.push(trailers[i]!, trailers[i + 1]!);
  }
  return kept;
}
