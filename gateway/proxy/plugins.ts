import { pathToFileURL } from 'node:url';
import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { pluginFile } from '../config/plugin-file.ts';
import type { PluginUse, RouteConfig } from '../model/config.ts';
import { type ExtensionFailure, inTime, LOAD_MS } from './extension.ts';
import type { PluginHooks } from './plugin-hooks.ts';

/** A Fastify plugin, ready to be registered in its route's context. */
export interface UsedPlugin {
  readonly name: string;
  readonly register: FastifyPluginCallback<Record<string, unknown>>;
  readonly options: Record<string, unknown>;
}

type Failed = (name: string, problem: string) => void;

/** Loads the plugins of a route. `failed` is called for each that can't be used. */
export async function loadPlugins({ use }: Pick<RouteConfig, 'use'>, failed: Failed): Promise<UsedPlugin[]> {
  const loaded = await Promise.all(
    use.map((used) =>
      loadPlugin(used).catch((cause: unknown) => {
        failed(used.plugin, `can't be loaded: ${messageOf(cause)}`);
        return null;
      }),
    ),
  );
  return loaded.filter((plugin) => plugin !== null);
}

/** Registers them in order, in the route's own context: their hooks see this route and nothing else. */
export function registerPlugins(
  context: FastifyInstance,
  hooks: PluginHooks,
  plugins: readonly UsedPlugin[],
  failed: Failed,
): void {
  for (const { name, register, options } of plugins) {
    context.after(() => {
      hooks.plugin = name;
    });
    context.register(register, options).after((cause: unknown) => {
      if (cause) failed(name, `can't be registered: ${messageOf(cause)}`);
    });
  }
}

async function loadPlugin(used: PluginUse): Promise<UsedPlugin> {
  const file = await pluginFile(used);
  if (file === null) throw new Error('it is not installed');
  const module: { default?: unknown } = await inTime(import(pathToFileURL(file).href), LOAD_MS);
  const register = pluginIn(module.default) ?? pluginIn(module);
  if (!register) throw new Error('it is no Fastify plugin: its default export must be a function');
  return { name: used.plugin, register: unencapsulated(register), options: structuredClone(used.options) };
}

/** Modules of CommonJS that were made from TypeScript have their default inside their default. */
function pluginIn(exported: unknown): FastifyPluginCallback<Record<string, unknown>> | null {
  if (typeof exported === 'function') return exported as FastifyPluginCallback<Record<string, unknown>>;
  if (typeof exported !== 'object' || exported === null || !('default' in exported)) return null;
  return typeof exported.default === 'function' ? pluginIn(exported.default) : null;
}

/** Without it, the hooks of a plugin that was not made by fastify-plugin would be those of an empty room, and guard nothing. */
function unencapsulated(
  plugin: FastifyPluginCallback<Record<string, unknown>>,
): FastifyPluginCallback<Record<string, unknown>> {
  const bound =
    plugin.length < 3
      ? (a: FastifyInstance, b: Record<string, unknown>) => Reflect.apply(plugin, null, [a, b])
      : plugin.bind(null);
  return Object.assign(bound, plugin, { [Symbol.for('skip-override')]: true });
}

export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Their failures, in the same form as those of other modules. */
export function failuresOf(
  { id, source }: Pick<RouteConfig, 'id' | 'source'>,
  failures: ExtensionFailure[],
): Failed {
  return (file, problem) => void failures.push({ route: id, line: source.line, file, problem });
}
