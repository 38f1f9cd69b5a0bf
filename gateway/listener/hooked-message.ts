import type { EventEmitter } from 'node:events';
import { IncomingMessage } from 'node:http';

/** Takes what a listener of somebody else threw. */
export type ListenerFailed = (cause: unknown) => void;

/** A request that somebody else's hooks may listen to. */
export class HookedRequest extends IncomingMessage {
  /** `null`: nobody else sees it. */
  listenerFailed: ListenerFailed | null = null;

  override emit(event: string | symbol, ...given: unknown[]): boolean {
    const { listenerFailed } = this;
    if (listenerFailed === null) return super.emit(event as 'data', ...(given as [unknown]));
    return emitApart(this, event, given, listenerFailed);
  }
}

/** Calls each listener by itself: what one of a plugin throws would end the process, and keep ours behind it from being called. */
export function emitApart(
  emitter: EventEmitter,
  event: string | symbol,
  given: readonly unknown[],
  failed: ListenerFailed,
): boolean {
  const listeners = emitter.rawListeners(event);
  for (const listener of listeners) {
    try {
      const result: unknown = Reflect.apply(listener, emitter, given);
      if (result instanceof Promise) result.catch(failed);
    } catch (cause) {
      failed(cause);
    }
  }
  return listeners.length > 0;
}
