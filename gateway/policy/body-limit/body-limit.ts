import type { BodySink, RequestBody } from '../../exchange/contract.ts';
import { GatewayError } from '../../exchange/error-catalog.ts';
import type { RoutedExchange } from '../../fields/exchange.ts';
import type { AskedRequest, Foreseen } from '../policy.ts';

/** A body that announces too many bytes is refused before any of it is read. @throws GatewayError */
export function refuseLargeBody(exchange: RoutedExchange): null {
  const limit = exchange.match.route.bodyMaxBytes;
  const length = exchange.downstream.body?.length ?? 0;
  if (limit !== null && length > limit) throw tooLarge(limit);
  return null;
}

/** Of a request whose fields alone are known. */
export function foreseeLargeBody({ match, facts }: AskedRequest): Foreseen | null {
  const limit = match.route.bodyMaxBytes;
  const at = facts.kept.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length');
  const text = at === -1 ? '' : facts.kept[at + 1]!;
  if (limit === null || !/^\d+$/.test(text)) return null;
  const length = Number(text);
  return {
    status: length > limit ? 413 : null,
    says: `a body of ${length} bytes is ${length > limit ? 'more than' : 'within'} the ${limit} that bodyMax allows`,
  };
}

/** One that does not say how long it is fails as soon as it has become too long. */
export function limitBody(body: RequestBody, maxBytes: number | null): RequestBody {
  if (maxBytes === null || body.length !== null) return body;
  return {
    length: null,
    read: (sink) => body.read(limited(sink, maxBytes)),
    pause: () => body.pause(),
    resume: () => body.resume(),
  };
}

function limited(sink: BodySink, maxBytes: number): BodySink {
  let taken = 0;
  return {
    data(chunk) {
      const before = taken;
      taken += chunk.length;
      if (taken <= maxBytes) sink.data(chunk);
      else if (before <= maxBytes) sink.fail(tooLarge(maxBytes));
    },
    end: (trailers) => {
      if (taken <= maxBytes) sink.end(trailers);
    },
    fail: (cause) => sink.fail(cause),
  };
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('body_too_large', `more than the ${maxBytes} bytes that \`bodyMax\` allows`);
}
