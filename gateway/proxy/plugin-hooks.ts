import type { FastifyInstance } from 'fastify';

type Hook = (this: FastifyInstance, ...given: unknown[]) => unknown;
type AddHook = (this: FastifyInstance, name: string, hook: Hook) => FastifyInstance;

/**
 * Stands before `addHook` of a route's context. It knows which hooks its plugins add, and what those at their beginning and
 * at their end throw is told as theirs: Fastify would not say whose, and the end of the process would be the answer to a throw in `onClose`.
 */
export class PluginHooks {
  /** The plugin that is being registered. */
  plugin = '';
  /** Whether a hook sees the bodies of answers. */
  seeBodies = false;

  /** @param failed takes what a plugin's `onReady` throws */
  constructor(context: FastifyInstance, failed: (plugin: string, cause: unknown) => void) {
    const hooks = this;
    const addHook = context.addHook as unknown as AddHook;
    function watched(this: FastifyInstance, name: string, hook: Hook): FastifyInstance {
      const { plugin } = hooks;
      const ready = () => settled(hook, this).catch((cause) => failed(plugin, cause));
      const closed: Hook = (instance) => settled(hook, this, instance);
      if (name === 'onSend') hooks.seeBodies = true;
      // Fastify refuses what is none, and takes what can be disposed of for `onClose`.
      if (typeof hook !== 'function') return addHook.call(this, name, hook);
      if (name === 'onReady') return addHook.call(this, name, ready);
      return addHook.call(this, name, name === 'onClose' ? closed : hook);
    }
    Object.assign(context, { addHook: watched });
  }
}

/** One that takes a callback behind what it is given is over when it calls that; what is thrown is a rejection. */
function settled(hook: Hook, self: FastifyInstance, ...given: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (cause?: unknown) => (cause ? reject(cause) : resolve(undefined));
    const result = hook.call(self, ...given, done);
    if (hook.length <= given.length) resolve(result);
  });
}
