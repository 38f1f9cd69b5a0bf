import type { EventEmitter } from 'node:events';

/** Takes what a listener of somebody else threw. */
export type ListenerFailed = (cause: unknown) => void;

/**
 * From now on each listener of a message that hooks see is called by itself: what one of a plugin throws would end the process, and keep ours behind
 * it from being called.
 */
export function catchListeners(message: EventEmitter, failed: ListenerFailed): void {
  message.emit = (event, ...given) => {
    const listeners = message.rawListeners(event);
    for (const listener of listeners) {
      try {
        const result: unknown = Reflect.apply(listener, message, given);
        if (result instanceof Promise) result.catch(failed);
      } catch (cause) {
        failed(cause);
      }
    }
    return listeners.length > 0;
  };
}
