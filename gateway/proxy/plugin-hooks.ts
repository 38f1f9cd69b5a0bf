import type { FastifyInstance } from 'fastify';

type Hook = (this: FastifyInstance, ...given: unknown[]) => unknown;
type AddHook = (this: FastifyInstance, name: string, hook: Hook) => FastifyInstance;

/**
 * Wraps `addHook` of a route's context, so that an error in a plugin's `onReady` is reported with its name, which Fastify would not do, and
 * a throw in its `onClose` does not end the process.
 */
export class PluginHooks {
  /** The plugin that is being registered. */
  plugin = '';
  /** Whether a hook sees the bodies of answers. */
  seeBodies = false;

  /** @param failed called when a plugin's `onReady` throws */
  constructor(context: FastifyInstance, failed: (plugin: string, cause: unknown) => void) {
    const hooks = this;
    const addHook = context.addHook as unknown as AddHook;
    function watched(this: FastifyInstance, name: string, hook: Hook): FastifyInstance {
      const { plugin } = hooks;
      const ready = () => settled(hook, this).catch((cause) => failed(plugin, cause));
      const closed: Hook = (instance) => settled(hook, this, instance);
      if (name === 'onSend') hooks.seeBodies = true;
      // Fastify refuses values that are no hooks, and takes disposables for `onClose`.
      if (typeof hook !== 'function') return addHook.call(this, name, hook);
      if (name === 'onReady') return addHook.call(this, name, ready);
      return addHook.call(this, name, name === 'onClose' ? closed : hook);
    }
    Object.assign(context, { addHook: watched });
  }
}

/** Runs a hook. One with a callback parameter is finished when it calls that; a throw is a rejection. */
function settled(hook: Hook, self: FastifyInstance, ...given: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (cause?: unknown) => (cause ? reject(cause) : resolve(undefined));
    const result = hook.call(self, ...given, done);
    if (hook.length <= given.length) resolve(result);
  });
}
