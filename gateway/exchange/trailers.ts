import type { Fields } from './contract.ts';

/**
 * Fields that must not be trailers (RFC 9110 §6.5.1): a recipient that merges trailers into the header section would act on them too late,
 * or replace the real field. These are hop-by-hop fields, fields that the gateway rewrites on the way to the client, and fields that tell a
 * service where a request came from or who sent it, in their spellings with underscores too.
 */
const NEVER_BEHIND: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'link',
  'location',
  'max-forwards',
  'proxy-authorization',
  'proxy-connection',
  'refresh',
  'set-cookie',
  'te',
  'traceparent',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-api-key',
  'x-real-ip',
  'x-request-id',
]);

const NO_NAMES: ReadonlySet<string> = new Set();

/** The trailers of a request or an answer that may go on. @param decided names besides, in lower case, with dashes */
export function trailerFields(trailers: Fields, decided: ReadonlySet<string> = NO_NAMES): Fields {
  if (trailers.length === 0) return trailers;
  const kept: string[] = [];
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!.toLowerCase().replaceAll('_', '-');
    if (!NEVER_BEHIND.has(name) && !decided.has(name) && !name.startsWith('x-forwarded-'))
      kept.push(trailers[i]!, trailers[i + 1]!);
  }
  return kept;
}
