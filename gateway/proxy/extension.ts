import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify';
import { placeText } from '../config/lines.ts';
import type { RouteConfig } from '../model/config.ts';

/**
 * The default export of a module named by `extend:`: those options of @fastify/http-proxy that concern one exchange. Target, connection,
 * timeouts, retries and error answers stay the gateway's. In hooks, `request.originalUrl` is the client's target; `request.url` is an
 * internal name.
 */
export interface RouteExtension {
  /** Runs before the request is sent on: authenticate, answer instead (`reply.send`), or throw. */
  readonly preHandler?: preHandlerHookHandler;
  readonly config?: Record<string, unknown>;
  readonly replyOptions?: ReplyHooks;
}

/**
 * As @fastify/http-proxy really calls them; its own types say less. They also import those of `ws`, which it does not bring, so that
 * no program that imports ours with `skipLibCheck: false` would compile.
 */
export interface ReplyHooks {
  rewriteHeaders?(headers: IncomingHttpHeaders, request: FastifyRequest): IncomingHttpHeaders;
  rewriteRequestHeaders?(request: FastifyRequest, headers: IncomingHttpHeaders): IncomingHttpHeaders;
  /** Sends the answer's body on, as it is or changed: `reply.send(answer.stream)`. */
  onResponse?(request: FastifyRequest, reply: FastifyReply, answer: { readonly stream: Readable }): unknown;
}

/** Settings of an extended route that do not apply to bodies which its hooks read and send themselves, as a notice; `null`: none. */
export function leftUndone({ id, source, policies, escape: way }: RouteConfig): string | null {
  const keys = [
    ...(policies.compress === null ? [] : ['compress']),
    ...(way === 'script' ? ['escape: script'] : []),
  ];
  if (keys.length === 0) return null;
  const names = keys.map((key) => `\`${key}\``).join(' and ');
  return `the route ${id} (${placeText({ ...source, column: 1 })}): ${names} does nothing there, because its hooks see the bodies of answers and send them by themselves (docs/extend.md): let a hook do it, or take one of the two away`;
}

/** Why a module that `extend:` names can't be used. */
export interface ExtensionFailure {
  readonly route: string;
  /** Of the route, in the configuration. */
  readonly line: number;
  readonly file: string;
  /** The problem and its fix. */
  readonly problem: string;
}

/** Modules that `extend:` names can't be used. The message has a line for each: which, named where, why and how to mend it. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError';
  readonly failures: readonly ExtensionFailure[];

  constructor(failures: readonly ExtensionFailure[]) {
    super(
      failures
        .map(
          ({ route, line, file, problem }) =>
            `route ${route} (${placeText({ line, column: 1 })}): ${file}: ${problem}`,
        )
        .join('\n'),
    );
    this.failures = failures;
  }
}

type NamedRoute = Pick<RouteConfig, 'id' | 'extend' | 'source'>;

/**
 * Loads the extensions of all routes at once, each within its own deadline, so that a hanging one takes no time of the others.
 * @returns extensions by the route's index in `routes`
 * @throws ExtensionError listing all that can't be used
 */
export async function loadExtensions(
  routes: readonly NamedRoute[],
  withinMs = LOAD_MS,
): Promise<ReadonlyMap<number, RouteExtension>> {
  const extensions = new Map<number, RouteExtension>();
  const failures: ExtensionFailure[] = [];
  const load = async ({ id, extend: file, source }: NamedRoute, index: number) => {
    if (file === null) return;
    try {
      extensions.set(index, usable(await importDefault(file, withinMs)));
    } catch (cause) {
      if (!(cause instanceof Unusable)) throw cause;
      failures.push({ route: id, line: source.line, file, problem: cause.message });
    }
  };
  await Promise.all(routes.map(load));
  if (failures.length > 0) throw new ExtensionError(failures.sort((a, b) => a.line - b.line));
  return extensions;
}

/** A module that can't be used, with the reason. */
class Unusable extends Error {}

/** @throws Unusable */
function usable(extension: RouteExtension): RouteExtension {
  refuseUnknown(extension, KEYS, '');
  const { preHandler, config = {}, replyOptions = {} } = extension;
  for (const [name, value] of Object.entries({ config, replyOptions })) {
    if (typeof value !== 'object' || value === null) throw new Unusable(`${name} must be an object`);
  }
  refuseUnknown(replyOptions, REPLY_KEYS, 'replyOptions.');
  for (const [name, hook] of Object.entries({ preHandler, ...replyOptions })) {
    if (hook !== undefined && typeof hook !== 'function') throw new Unusable(`${name} must be a function`);
  }
  return extension;
}

/** @throws Unusable */
async function importDefault(file: string, withinMs: number): Promise<RouteExtension> {
  let module: { default?: unknown };
  try {
    // The query makes each load a new module, so that an edited file takes effect with the next reload.
    module = await inTime(import(`${pathToFileURL(file)}?loaded=${Date.now()}`), withinMs);
  } catch (cause) {
    throw new Unusable(`can't be loaded: ${cause instanceof Error ? cause.message : cause}`);
  }
  if (typeof module.default === 'object' && module.default !== null) return module.default;
  throw new Unusable('its default export must be an object of options (docs/extend.md)');
}

/** A module that waits for ever would end all reloads. @throws Error */
export async function inTime<T>(loading: Promise<T>, withinMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new Error(
          `it was not loaded within ${withinMs / 1000} s: a top-level \`await\` of it, or of what it imports, never settles. Let a hook wait for it instead, or give it a timeout of its own`,
        ),
      ),
    withinMs,
  );
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export const LOAD_MS = 10_000;

const KEYS = ['preHandler', 'config', 'replyOptions'];
const REPLY_KEYS = ['rewriteHeaders', 'rewriteRequestHeaders', 'onResponse'];

/** @throws Unusable */
function refuseUnknown(options: object, known: readonly string[], at: string): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const list = known.map((key) => at + key).join(', ');
  throw new Unusable(`${at}${unknown} is not among the options that a route may set: ${list}`);
}
