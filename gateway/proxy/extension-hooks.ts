import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReplyHooks, RouteExtension } from './extension.ts';

/** The hooks that see the answer. */
type AnswerHooks = Pick<ReplyHooks, 'rewriteHeaders' | 'onResponse'>;

/** Answers the exchange with this error, or breaks it off if an answer has begun. May be called twice for one exchange. */
export type HookFailed = (request: FastifyRequest, reply: FastifyReply, cause: unknown) => void;

/**
 * Runs an extension's hooks so that a throw ends only their exchange. @fastify/http-proxy calls them outside any try block, which would end
 * the process; so would a hook that pipes the answer elsewhere when the service breaks it off.
 */
export function guardAnswerHooks({ replyOptions = {} }: RouteExtension, failed: HookFailed): AnswerHooks {
  const { rewriteHeaders, onResponse } = replyOptions;
  const thrown = new WeakMap<FastifyRequest, { readonly cause: unknown }>();
  return {
    rewriteHeaders(headers, request) {
      try {
        return { ...(rewriteHeaders?.(headers, request) ?? headers) };
      } catch (cause) {
        // `onResponse` comes next, and can still answer with an error.
        thrown.set(request, { cause });
        return headers;
      }
    },
    onResponse(request, reply, answer) {
      const { stream } = answer;
      const fail = (cause: unknown) => {
        stream.on('error', () => {}).destroy();
        failed(request, reply, cause);
      };
      const earlier = thrown.get(request);
      if (earlier) return fail(earlier.cause);
      if (!onResponse) return void reply.send(stream);
      stream.on('error', fail);
      try {
        const done = onResponse(request, reply, answer);
        if (done instanceof Promise) done.catch(fail);
      } catch (cause) {
        fail(cause);
      }
    },
  };
}
