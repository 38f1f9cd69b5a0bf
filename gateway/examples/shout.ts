import { Transform } from 'node:stream';
import type { RouteExtension } from '../proxy/extension.ts';

/**
 * An extended route, for example: whatever the service answers, in capitals.
 *
 * ```yaml
 * routes:
 *   /shout: { to: 7777, extend: ./gateway/examples/shout.ts }
 * ```
 */
const shout: RouteExtension = {
  replyOptions: {
    // Capitals may take more or fewer bytes than what they replace, and the validators speak of the original.
    rewriteHeaders: ({ 'content-length': _length, etag: _etag, ...headers }) => headers,
    onResponse(_request, reply, answer) {
      reply.send(answer.stream.pipe(capitals()));
    },
  },
};

export default shout;

/** Streams, so that a long answer is neither held back nor held in memory. */
function capitals(): Transform {
  const decoder = new TextDecoder();
  return new Transform({
    transform: (chunk, _encoding, done) => done(null, decoder.decode(chunk, { stream: true }).toUpperCase()),
    flush: (done) => done(null, decoder.decode().toUpperCase()),
  });
}
