import type { EventEmitter } from 'node:events';

/** Receives errors that a plugin's listener throws. */
export type ListenerFailed = (cause: unknown) => void;

/**
 * Calls each listener of a message, which hooks can see, separately: otherwise an error in a plugin's listener would end the process and
 * keep ours from being called.
 */
export function catchListeners(message: EventEmitter, failed: ListenerFailed): void {
  const hooked: HookedMessage = message;
  hooked[FAILED] = failed;
  hooked.emit = emitToEach;
}

const FAILED = Symbol('takes what a listener threw');

type HookedMessage = EventEmitter & { [FAILED]?: ListenerFailed };

/** One function for all messages: one for each kept its whole exchange until V8 collects its whole heap, 6 KB of them. */
function emitToEach(this: HookedMessage, event: string | symbol, ...given: unknown[]): boolean {
  const failed = this[FAILED]!;
  const listeners = this.rawListeners(event);
  for (const listener of listeners) {
    try {
      const result: unknown = Reflect.apply(listener, this, given);
      if (result instanceof Promise) result.catch(failed);
    } catch (cause) {
      failed(cause);
    }
  }
  return listeners.length > 0;
}
