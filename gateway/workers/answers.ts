import type { WorkerGateway } from '../gateway.ts';
import type { AnswerTo, Given, Question } from './messages.ts';

/** How a worker answers each of the primary's questions. */
export type Answers = { readonly [Q in Question]: (given: Given<Q>) => AnswerTo<Q> | Promise<AnswerTo<Q>> };

export function answersOf(gateway: WorkerGateway): Answers {
  return {
    routes: () => gateway.routes(),
    streams: () => gateway.streams(),
    overload: () => gateway.overload(),
    caches: () => gateway.caches.status(),
    reading: () => gateway.reading(),
    connections: () => gateway.connections,
    purge: (purge) => gateway.caches.purge(purge),
    take: (content) => gateway.take(content),
    carryDatagrams: async (carries) => {
      await gateway.carryDatagrams(carries);
      return null;
    },
  };
}
