import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type onSendHookHandler,
  type RouteHandlerMethod,
} from 'fastify';
import { GatewayError } from '../exchange/error-catalog.ts';
import { http } from '../exchange/node-http.ts';
import { nominate } from '../fields/connection.ts';
import { editOf, type Tag } from '../forward/extend.ts';
import { ExtendDispatcher } from '../forward/extend-dispatcher.ts';
import type { RouteConfig } from '../model/config.ts';
import { othersCookies } from '../policy/auth/oidc/cookies.ts';
import { isExtended } from '../route/lane.ts';
import {
  ExtensionError,
  type ExtensionFailure,
  leftUndone,
  loadExtensions,
  type RouteExtension,
} from './extension.ts';
import { guardAnswerHooks, type HookFailed } from './extension-hooks.ts';
import { HookEdits, type RewriteHeaders } from './hook-edits.ts';
import { PluginHooks } from './plugin-hooks.ts';
import { failuresOf, loadPlugins, messageOf, registerPlugins, type UsedPlugin } from './plugins.ts';
import type { SetFields } from './set-fields.ts';

/** Where inside Fastify a request goes; the route table has decided. */
export type InternalRoute = { readonly kind: 'page' } | { readonly kind: 'extended'; readonly index: number };

/** Callbacks of a snapshot's Fastify instance. */
export interface RouterHandlers {
  /** For the log of extensions. */
  readonly log: FastifyBaseLogger;
  /** The internal route of a request, as the route table decided. */
  routeOf(request: IncomingMessage): InternalRoute;
  page(request: IncomingMessage, reply: FastifyReply): Promise<FastifyReply>;
  /** The exchanges that extended routes make requests of. */
  readonly waiting: Tag;
  /** The field by which the dispatcher finds the exchange of a request. @param shown the header section as the extension got it */
  tag(request: IncomingMessage, shown: IncomingHttpHeaders): readonly [name: string, value: string];
  /** The head of an extended route's answer is about to be set. */
  headDue(request: IncomingMessage): void;
  /** It is set: it goes out now. */
  flushHead(request: IncomingMessage): void;
  /** Whether it is a WebSocket's handshake. */
  isHandshake(request: IncomingMessage): boolean;
  /** The hooks have let a request pass, and none of them sees the answer's body: the gateway continues by itself. */
  hooksPassed(request: IncomingMessage, edits: HookEdits): void;
  /** An extension threw, or its request failed. @param set the fields of an answer that hooks had set by then. */
  extensionFailed(request: IncomingMessage, cause: unknown, set: SetFields): void;
}

export interface Router {
  routing(request: IncomingMessage, response: ServerResponse): void;
  close(): void;
}

/**
 * The Fastify instance of one snapshot, for everything that is extended: the gateway's page, and each extended route in an encapsulated
 * context of its own. The route table has decided before; `rewriteUrl` gives the internal route. Plain routes never come here.
 *
 * @throws ExtensionError
 */
export async function buildRouter(routes: readonly RouteConfig[], handlers: RouterHandlers): Promise<Router> {
  const app = Fastify({
    loggerInstance: logWithoutRepeats(handlers.log),
    // One line for each exchange is ours to write.
    logController: new LogController({ disableRequestLogging: true }),
    // The port belongs to the process, not to a snapshot, so this server never listens and closing it closes nothing.
    serverFactory: (handler) => http.createServer(handler),
    rewriteUrl: (request) => internalUrl(handlers.routeOf(request as IncomingMessage)),
    exposeHeadRoutes: false,
    // A retiring snapshot still finishes its exchanges.
    return503OnClosing: false,
    frameworkErrors: (error, request) => handlers.extensionFailed(request.raw, error, {}),
  });
  const methods = everyMethod(app);
  app.get(PAGE_URL, (request, reply) => handlers.page(request.raw, reply));
  app.head(PAGE_URL, (request, reply) => handlers.page(request.raw, reply));
  const extensions = await loadExtensions(routes);
  const failures: ExtensionFailure[] = [];
  const loaded = await Promise.all(routes.map((route) => loadPlugins(route, failuresOf(route, failures))));
  for (const [index, route] of routes.entries()) {
    if (!isExtended(route)) continue;
    const extension = extensions.get(index) ?? {};
    const failed = failuresOf(route, failures);
    const plugins = loaded[index]!;
    const prefix = `/extended/${index}`;
    app.register(
      async (context) => extendedRoute(context, { route, extension, plugins, failed }, methods, handlers),
      { prefix },
    );
  }
  try {
    await app.ready();
    if (failures.length > 0) throw new ExtensionError(failures);
  } catch (cause) {
    close(app, handlers.log);
    throw cause;
  }
  return {
    routing: (request, response) => app.routing(request, response),
    close: () => close(app, handlers.log),
  };
}

/** A plugin's `onClose` may fail or never settle: nothing waits for it, and its failure ends nothing else. */
function close(app: FastifyInstance, log: FastifyBaseLogger): void {
  app.close().catch((cause: unknown) => log.error({ err: cause }, 'a plugin could not be closed'));
}

/**
 * The logger that Fastify derives each exchange's logger from. @fastify/reply-from logs each failure of a service with its stack; that
 * would fill the log with what the exchange's own line says.
 */
function logWithoutRepeats(log: FastifyBaseLogger): FastifyBaseLogger {
  function warn(this: FastifyBaseLogger, ...said: Parameters<FastifyBaseLogger['warn']>): void {
    const [cause, message] = said as readonly unknown[];
    if (cause instanceof GatewayError && message === 'response errored') return;
    log.warn.apply(this, said);
  }
  // A child that gets a level of its own writes all of its methods.
  return Object.create(log, { warn: { value: warn, writable: true } });
}

const PAGE_URL = '/page';

function internalUrl(route: InternalRoute): string {
  return route.kind === 'page' ? PAGE_URL : `/extended/${route.index}`;
}

/** All methods of Node's parser, WebDAV's and QUERY included. */
function everyMethod(app: FastifyInstance): string[] {
  const known = new Set(app.supportedMethods);
  for (const method of http.METHODS) if (!known.has(method)) app.addHttpMethod(method, { hasBody: true });
  return http.METHODS;
}

/** The plugins and hooks in front of the service on one route. */
interface Extended {
  readonly route: RouteConfig;
  readonly extension: RouteExtension;
  readonly plugins: readonly UsedPlugin[];
  readonly failed: (name: string, problem: string) => void;
}

function extendedRoute(
  context: FastifyInstance,
  { route, extension, plugins, failed }: Extended,
  methods: string[],
  handlers: RouterHandlers,
): void {
  context.addHook('onRequest', (request, _reply, done) => {
    const { headers, method } = request.raw;
    const { upgrade } = headers;
    settleHeaders(headers, method);
    // By this hooks know a handshake.
    if (handlers.isHandshake(request.raw)) headers.upgrade = upgrade;
    // A plugin that unpacks bodies would take this one from the service.
    if (plugins.length > 0) delete headers['content-encoding'];
    hideSessions(request.raw);
    // Hooks may edit in place, so changes only show beside a copy.
    (request.raw as ShownRequest)[SHOWN] = { ...headers };
    done();
  });
  const hooks = new PluginHooks(context, (plugin, cause) =>
    failed(plugin, `its onReady failed: ${messageOf(cause)}`),
  );
  registerPlugins(context, hooks, plugins, failed);
  const sees = extension.replyOptions?.onResponse !== undefined;
  const undone = leftUndone(route);
  context.addHook('onReady', (done) => {
    if (undone !== null && (sees || hooks.seeBodies)) handlers.log.warn(undone);
    done();
  });
  // A room within: its parsers, its error handler and its last hooks are behind those of the plugins.
  context.register(async (inner) =>
    proxiedRoute(inner, {
      extension,
      methods,
      handlers,
      seesBodies: () => sees || hooks.seeBodies,
      shown: (request) => (request as ShownRequest)[SHOWN] ?? {},
    }),
  );
}

/** Plugins may log what they see, or send it elsewhere: sessions are between the gateway and the browser. */
function hideSessions(request: IncomingMessage): void {
  const { headers, rawHeaders } = request;
  if (headers.cookie?.includes('portway-') !== true) return;
  headers.cookie = othersCookies(headers.cookie);
  if (headers.cookie === '') delete headers.cookie;
  // `headersDistinct` is made of these when it is first read, as many as there were.
  const raw = [...rawHeaders];
  for (let i = 0; i < raw.length; i += 2)
    if (raw[i]!.toLowerCase() === 'cookie') raw[i + 1] = othersCookies(raw[i + 1]!);
  request.rawHeaders = raw;
}

/** No WeakMap holds it, for the reason that stands in extensions.ts. */
const SHOWN = Symbol('header as it was shown');

type ShownRequest = IncomingMessage & { [SHOWN]?: IncomingHttpHeaders };

interface ProxiedRoute {
  readonly extension: RouteExtension;
  readonly methods: string[];
  readonly handlers: RouterHandlers;
  /** Whether a hook sees the bodies of answers: then they pass through Fastify. */
  readonly seesBodies: () => boolean;
  /** The header as the extension met it. */
  readonly shown: (request: IncomingMessage) => IncomingHttpHeaders;
}

function proxiedRoute(context: FastifyInstance, route: ProxiedRoute): void {
  const { extension, methods, handlers, shown } = route;
  // The body is read by the forwarding, not by Fastify, and undici must not get its hands on the request, which it would destroy.
  context.removeAllContentTypeParsers();
  context.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  const sends: onSendHookHandler<unknown> = (request, _reply, payload, done) => {
    handlers.headDue(request.raw);
    done(null, payload);
    // Fastify has set the head by now. An event stream's must not wait for its first event.
    if (isStream(payload)) handlers.flushHead(request.raw);
  };
  // Plugins hook into single routes by this, too: the last to do so is the last to see the answer.
  context.addHook('onRoute', (options) => {
    const others = [options.onSend ?? []].flat();
    const seesBodies = others.length > 0 ? () => true : route.seesBodies;
    options.onSend = [...others, sends] as onSendHookHandler[];
    options.handler = handlerOf({ ...route, seesBodies }, options.handler);
  });
  context.setErrorHandler((cause, request, reply) => {
    reply.hijack();
    handlers.extensionFailed(request.raw, cause, reply.getHeaders());
  });
  context.register(httpProxy, {
    ...proxyOptions(extension, handlers, shown),
    httpMethods: methods,
  });
}

/** @param proxied that of @fastify/http-proxy, for answers whose bodies hooks see, and requests whose bodies they have made. */
function handlerOf(
  { extension, handlers, seesBodies, shown }: ProxiedRoute,
  proxied: RouteHandlerMethod,
): RouteHandlerMethod {
  return function handler(request, reply) {
    const { raw } = request;
    const replaces = seesBodies() || request.body !== undefined;
    if (replaces && !handlers.isHandshake(raw)) return proxied.call(this, request, reply);
    const edits = hookEdits(extension, request, shown(raw), reply.getHeaders());
    reply.hijack();
    handlers.hooksPassed(raw, edits);
    return undefined;
  };
}

function hookEdits(
  { replyOptions = {} }: RouteExtension,
  request: FastifyRequest,
  shown: IncomingHttpHeaders,
  set: SetFields,
): HookEdits {
  const { rewriteRequestHeaders, rewriteHeaders } = replyOptions;
  const { headers } = request.raw;
  const edited = rewriteRequestHeaders ? rewriteRequestHeaders(request, { ...headers }) : headers;
  const rewrite: RewriteHeaders | null = rewriteHeaders ? (fields) => rewriteHeaders(fields, request) : null;
  return new HookEdits(editOf(shown, edited ?? headers), set, rewrite);
}

/**
 * Prepares the parsed header section for Fastify and extensions. The service gets fields made from the original ones, so nothing is lost.
 */
function settleHeaders(headers: IncomingHttpHeaders, method: string | undefined): void {
  // Already acted upon. @fastify/http-proxy would let a client nominate its own Cookie away.
  for (const name of nominate(headers.connection ?? '', null) ?? []) delete headers[name];
  delete headers.connection;
  // Fastify answers 415 to a Content-Type that it can't read. Whether the service can is for the service to say.
  if (!MEDIA_TYPE.test(headers['content-type'] ?? '')) delete headers['content-type'];
  // And 400 to a QUERY without one, which is for an origin server to do.
  if (method === 'QUERY') headers['content-type'] ??= 'application/octet-stream';
}

function isStream(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'pipe' in payload;
}

/** RFC 9110 §8.3.1, without looking at the parameters. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+\s*(;|$)/;

function proxyOptions(
  extension: RouteExtension,
  handlers: RouterHandlers,
  shown: (request: IncomingMessage) => IncomingHttpHeaders,
): FastifyHttpProxyOptions {
  const { preHandler, config, replyOptions = {} } = extension;
  const failed: HookFailed = (request, reply, cause) => {
    reply.hijack();
    // By now the service's fields are among those that are set.
    handlers.extensionFailed(request.raw, cause, {});
  };
  const options = {
    // Never dialled: the dispatcher below decides where requests go.
    upstream: 'http://portway.invalid',
    undici: new ExtendDispatcher(handlers.waiting),
    disableRequestLogging: true,
    // Both would multiply requests behind the back of our own retries: a 503 alone caused eleven.
    retryMethods: [],
    proxyPayloads: false,
    internalRewriteLocationHeader: false,
    replyOptions: {
      ...replyOptions,
      ...guardAnswerHooks(extension, failed),
      rewriteRequestHeaders: (request: FastifyRequest, headers: IncomingHttpHeaders) => {
        const edited = replyOptions.rewriteRequestHeaders?.(request, headers) ?? headers;
        // The last thing before the request is sent: a tag that is never taken would keep its exchange for ever.
        const [name, value] = handlers.tag(request.raw, shown(request.raw));
        return { ...edited, [name]: value };
      },
      onError: (reply: FastifyReply, { error }: { error: Error }) => failed(reply.request, reply, error),
    },
    ...(preHandler ? { preHandler } : {}),
    ...(config ? { config } : {}),
  };
  return options as unknown as FastifyHttpProxyOptions;
}
