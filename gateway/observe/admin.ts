import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ADMIN_IN_CLEAR, isLoopback } from '../config/listening.ts';
import { mapInSlices, type TimeSlice } from '../exchange/time-slice.ts';
import { preferredType } from '../fields/accept.ts';
import { HIDDEN, isSecretName, shownText } from '../fields/secrets.ts';
import { ListenError } from '../listener/listen-error.ts';
import type {
  FieldCondition,
  GatewayConfig,
  RouteConfig,
  RouteMatcher,
  SharedConfig,
  TlsConfig,
} from '../model/config.ts';
import { shownSettings } from '../policy/order.ts';
import { DASHBOARD_HOST } from '../route/names.ts';
import { ServedHosts } from '../route/served-hosts.ts';
import { AdminAccess } from './access/admin-access.ts';
import { AdminDoor, isOverTls } from './access/admin-door.ts';
import { answerLogin } from './access/login.ts';
import { answerPurge } from './admin-cache.ts';
import { AdminConnections } from './admin-connections.ts';
import { answerDraft } from './admin-draft.ts';
import { answerDrain } from './admin-drain.ts';
import { answerExchanges } from './admin-exchanges.ts';
import { answerExplain } from './admin-explain.ts';
import { problemText, sendJson, sendProblem } from './admin-problem.ts';
import { adminMethods, adminResources } from './admin-resources.ts';
import { answerServices } from './admin-services.ts';
import type { AdminView } from './admin-view.ts';
import { answerReplace } from './admin-workers.ts';
import { DashboardPage } from './dashboard-page.ts';
import { FIGURES, type FigureName, UnavailableError } from './figures.ts';
import { gatewayStatus } from './gateway-status.ts';
import { isTrustedHost } from './host-guard.ts';
import { EXPOSITION_TYPE, exposition } from './metrics/exposition.ts';
import { together } from './together.ts';

export interface AdminOptions {
  readonly log: Logger;
  /** For a whole request to arrive, and for an idle connection. */
  readonly timeoutMs?: number;
}

export interface Admin {
  /** Answers requests to the dashboard's name on the clients' listener, from this machine only. */
  readonly answerClient: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * @param port 0: any free one.
   * @returns where it listens.
   * @throws ListenError, TlsError, PolicyError for a file of keys that can't be used
   */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Ends its connections, too. Close it last, so that `/readyz` answers while the gateway drains. */
  close(): Promise<void>;
}

/** The listener for operators and probes (docs/admin.md). */
export function createAdmin(view: AdminView, options: AdminOptions): Admin {
  const app = createApp(options);
  app.decorate('slice', view.slice);
  const door = view.config().admin?.tls ? new AdminDoor(app.server, options.log, view.env) : null;
  new AdminConnections(app);
  let access: AdminAccess | null = null;
  guard(app, view, { asksForKey: () => access !== null, speaksTls: door !== null });
  answerLogin(app, {
    access: () => access,
    readOnly: () => view.config().admin?.readOnly === true,
    note: (what, message) => options.log.info(what, message),
  });
  answerErrors(app, options.log);
  answerResources(app, view);
  return {
    answerClient: (request, response) => {
      if (isOfThisMachine(request)) app.routing(request, response);
      else refuseStranger(response);
    },
    async listen(host, port) {
      const token = view.config().admin?.token;
      // Before the first request, so that nothing is answered while the file is read.
      if (token !== undefined) access = await AdminAccess.open(token, options.log);
      if (door !== null) {
        await door.open(view.config());
        view.onReload((config) => door.follow(config));
      }
      await app.listen({ host, port }).catch((cause) => {
        throw new ListenError(host, port, cause, 'admin');
      });
      const { address, port: actualPort } = app.server.address() as AddressInfo;
      if (door === null && !isLoopback(address))
        options.log.warn({ host: address, port: actualPort }, ADMIN_IN_CLEAR);
      return { host: address, port: actualPort };
    },
    async close() {
      access?.close();
      door?.close();
      await app.close();
    },
  };
}

function createApp({ timeoutMs = 5_000 }: AdminOptions): FastifyInstance {
  const app = Fastify({
    requestTimeout: timeoutMs,
    connectionTimeout: 2 * timeoutMs,
    keepAliveTimeout: timeoutMs,
    http: {
      headersTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(timeoutMs / 2, 1_000),
      maxHeaderSize: 8192,
    },
    bodyLimit: 1024,
    forceCloseConnections: true,
    clientErrorHandler: (_error, socket) => refuseUnreadable(socket),
    frameworkErrors: (_error, _request, reply) => {
      protect(reply as FastifyReply);
      sendProblem(reply as FastifyReply, { status: 400, detail: 'The path of the request can’t be read.' });
    },
  });
  return app;
}

/** Requests through a proxy in front of us may come from anywhere. */
function isOfThisMachine(request: IncomingMessage): boolean {
  const { headers } = request;
  const carried = headers.forwarded ?? headers['x-forwarded-for'] ?? headers.via;
  return carried === undefined && isConnectedHere(request);
}

function isConnectedHere({ socket }: IncomingMessage): boolean {
  return isLoopback((socket.remoteAddress ?? '').replace(/^::ffff:/, ''));
}

function refuseStranger(response: ServerResponse): void {
  const body = problemText({ status: 403, detail: 'The dashboard is there for this machine only.' });
  const fields = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  response.writeHead(403, { ...fields, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** Not parsed by Node, so it never becomes a request. */
function refuseUnreadable(socket: Socket): void {
  if (!socket.writable) return;
  const body = problemText({ status: 400, detail: 'The request is not valid HTTP/1.1, or too slow.' });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Settings that stay as they were at the start. */
interface AtTheStart {
  asksForKey(): boolean;
  readonly speaksTls: boolean;
}

function guard(app: FastifyInstance, view: AdminView, { asksForKey, speaksTls }: AtTheStart): void {
  app.addHook('onRequest', async (request, reply) => {
    protect(reply);
    const { host } = request.headers;
    const { admin, allowedHosts } = view.config();
    // Without a key, a name that others may own would let their pages in.
    const allowed = asksForKey() ? new ServedHosts(allowedHosts ?? []) : null;
    const inClear = speaksTls && !isOverTls(request.raw) && !isConnectedHere(request.raw);
    if (isTrustedHost(host, admin?.host ?? null, allowed))
      return inClear ? leadToTls(request, reply) : undefined;
    // It came in by the clients' listener, which has this name for us.
    if (view.mode === 'development' && isTrustedHost(host, DASHBOARD_HOST)) return;
    return sendProblem(reply, {
      status: 421,
      detail:
        'This listener answers only to an IP address, to localhost, and to the names that `admin` and, where a key is asked for, `allowedHosts` have in the configuration.',
    });
  });
}

/** A key that came in the clear is refused, so that it is noticed. */
function leadToTls({ method, headers, url }: FastifyRequest, reply: FastifyReply): FastifyReply {
  if ((method !== 'GET' && method !== 'HEAD') || headers.authorization !== undefined)
    return sendProblem(reply, { status: 403, detail: 'Other machines are answered over https alone.' });
  // In absolute form (RFC 9112 §3.2.2) it names a host itself.
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return reply.code(308).header('location', `https://${headers.host}${target}`).send();
}

/** Answers are for their client alone: neither for caches nor, without CORS, for pages of other origins. */
function protect(reply: FastifyReply): void {
  reply.headers({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
}

function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const methods = adminMethods(request.url.replace(/\?.*/s, ''));
    if (methods !== null) {
      reply.header('allow', methods);
      return sendProblem(reply, { status: 405, detail: `This is there for ${methods} only.` });
    }
    return sendProblem(reply, {
      status: 404,
      detail: 'There is nothing here. What there is stands in `resources`.',
      more: { resources: adminResources },
    });
  });
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, { status, detail: 'The request can’t be understood.' });
    if (error instanceof UnavailableError) {
      reply.header('retry-after', '1');
      return sendProblem(reply, { status, detail: error.message });
    }
    log.error({ err: error, url: request.url }, 'the admin listener failed to answer');
    return sendProblem(reply, { status: 500, detail: 'This failed; the log of the gateway says why.' });
  });
}

function answerResources(app: FastifyInstance, view: AdminView): void {
  const dashboard = new DashboardPage();
  const status = together(() => gatewayStatus(view));
  app.get('/', async (request, reply) => {
    reply.header('vary', 'accept, accept-encoding');
    if (preferredType(request.headers.accept, ['application/json', 'text/html']) === 'application/json') {
      return sendJson(reply, { resources: adminResources });
    }
    return dashboard.answer(request, reply, await status());
  });
  dashboard.answerFiles(app);
  app.get('/healthz', (_request, reply) => sendJson(reply, { status: 'alive' }));
  app.get('/readyz', (_request, reply) => {
    const reason = view.notReady();
    if (reason === null) return sendJson(reply, { status: 'ready' });
    return sendProblem(reply, { status: 503, detail: `The gateway takes no new requests: it is ${reason}.` });
  });
  app.get('/config', async (_request, reply) => {
    // A reload may come while it is made ready.
    const status = view.configStatus();
    return sendJson(reply, { ...status, config: await withoutSecrets(view.config(), view.slice) });
  });
  app.get('/status', async (_request, reply) => sendJson(reply, await status()));
  for (const [name, { path }] of Object.entries(FIGURES)) {
    const figure = together(() => view.figure(name as FigureName));
    app.get(path, async (_request, reply) => sendJson(reply, await figure()));
  }
  app.get('/certificates', (_request, reply) => sendJson(reply, view.certificates()));
  app.get('/workers', async (_request, reply) => sendJson(reply, await view.workers()));
  app.post('/workers/replace', (request, reply) => answerReplace(request, reply, view.replaceWorkers));
  answerDrain(app, view);
  answerServices(app, { file: () => view.config().file, services: view.services });
  app.delete('/cache', (request, reply) => answerPurge(request, reply, view));
  app.get('/metrics', async (_request, reply) =>
    reply.type(EXPOSITION_TYPE).send(Readable.from(exposition(await view.metrics(), view.slice))),
  );
  answerExchanges(app, view);
  answerDraft(app, view);
  app.get('/explain', (request, reply) => answerExplain(request, reply, view.explain));
}

/** The environment of services and the options of plugins are where their passwords are. */
async function withoutSecrets(config: GatewayConfig, slice: TimeSlice): Promise<GatewayConfig> {
  const hidden = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
    Object.fromEntries(Object.keys(values).map((name) => [name, '(not shown)']));
  const shown = (route: RouteConfig) => ({
    ...route,
    matcher: withoutWantedSecrets(route.matcher),
    use: route.use.map((used) => ({ ...used, options: hidden(used.options) })),
    policies: shownSettings(route.policies),
  });
  return {
    ...config,
    routes: await mapInSlices(config.routes, shown, slice),
    tls: config.tls && withoutAccountKey(config.tls),
    traces: config.traces && {
      ...config.traces,
      otlp: shownText(config.traces.otlp),
      headers: hidden(config.traces.headers),
    },
    shared: config.shared && withoutPasswords(config.shared),
    services: config.services.map((service) => ({ ...service, env: hidden(service.env) })),
  };
}

function withoutPasswords(shared: SharedConfig): SharedConfig {
  const hidden = (password: string | null) => password && '(not shown)';
  const { sentinel, password } = shared;
  return {
    ...shared,
    password: hidden(password),
    sentinel: sentinel && { ...sentinel, password: hidden(sentinel.password) },
  };
}

/** The wanted value of a condition on a secret field is a secret. */
function withoutWantedSecrets(matcher: RouteMatcher): RouteMatcher {
  const hidden = (condition: FieldCondition) => ({ ...condition, value: condition.value && HIDDEN });
  const shown = (condition: FieldCondition) => (isSecretName(condition.name) ? hidden(condition) : condition);
  const { headers, cookies, query } = matcher;
  return {
    ...matcher,
    headers: headers.map(shown),
    cookies: cookies.map(hidden),
    query: query.map(shown),
  };
}

function withoutAccountKey(tls: TlsConfig): TlsConfig {
  const { acme } = tls;
  if (!acme?.externalAccount) return tls;
  return { ...tls, acme: { ...acme, externalAccount: { ...acme.externalAccount, key: '(not shown)' } } };
}
