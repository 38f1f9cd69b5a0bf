import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formPolicy, pageFields, renderDocument, renderHead } from '../../answer/page/document.ts';
import { preferredType } from '../../fields/accept.ts';
import { sendJson, sendProblem } from '../admin-problem.ts';
import { FOR_NO_PAGE, isNavigation, isOfAnotherOrigin } from '../host-guard.ts';
import type { AdminAccess, Asker } from './admin-access.ts';
import { isOverTls } from './admin-door.ts';

export interface LoginView {
  /** `null`: no key is required. */
  access(): AdminAccess | null;
  /** Whether nothing may be changed from here. */
  readOnly(): boolean;
  /** Logs logins, and changes with their user. */
  readonly note: (what: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Paths without secrets: liveness for probes, and the login page with its assets. */
const OPEN = /^\/(?:healthz|readyz|login|dashboard\/[\w.-]+)(?:\?|$)/;

/** Asking, not changing, though their methods can have a body. */
const ASKING = /^\/(?:login|logout|explain|draft)(?:\?|$)/;

/** The first check of a request: pages of other origins change nothing; if keys are required, only open paths do without one. */
export function answerLogin(app: FastifyInstance, view: LoginView): void {
  app.decorateRequest('adminUser', null);
  app.addHook('onRequest', async (request, reply) => {
    const access = view.access();
    // Where no key is asked for, nothing is kept from pages that read; browsers don't let them see it.
    const reads = isRead(request) && (access === null || isNavigation(request.headers));
    if (!reads && isOfAnotherOrigin(request.headers))
      return sendProblem(reply, { status: 403, detail: FOR_NO_PAGE });
    if (access !== null) {
      const asker = access.askerOf(request.raw);
      request.adminUser = asker.user;
      if (asker.user === null && !OPEN.test(request.url)) return refuseAsker(request, reply, asker);
    }
    if (isRead(request)) return;
    if (view.readOnly() && !ASKING.test(request.url))
      return sendProblem(reply, {
        status: 403,
        detail: 'The configuration says `admin: { readOnly: true }`.',
      });
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.adminUser === null || isRead(request) || ASKING.test(request.url)) return;
    const path = request.url.replace(/\?.*/s, '');
    view.note(
      { user: request.adminUser, method: request.method, path, status: reply.statusCode },
      'asked for by the admin listener',
    );
  });
  answerForm(app, view);
  app.get('/session', (request, reply) =>
    sendJson(reply, { user: request.adminUser, readOnly: view.readOnly() }),
  );
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function refuseAsker(request: FastifyRequest, reply: FastifyReply, asker: Asker): FastifyReply {
  if ('waitMs' in asker && asker.waitMs > 0) return refuseGuesser(reply, asker.waitMs);
  if (isRead(request) && wantsPage(request)) return reply.code(303).header('location', '/login').send();
  reply.header('www-authenticate', 'Bearer realm="Portway"');
  return sendProblem(reply, {
    status: 401,
    detail:
      'A key is needed, as `Authorization: Bearer ...` or by /login. `portway passwd --key FILE NAME` makes one.',
  });
}

function refuseGuesser(reply: FastifyReply, waitMs: number): FastifyReply {
  reply.header('retry-after', String(Math.ceil(waitMs / 1_000)));
  return sendProblem(reply, { status: 429, detail: 'Too many wrong keys came from this address.' });
}

function answerForm(app: FastifyInstance, view: LoginView): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  app.get('/login', (_request, reply) => sendForm(reply, 200));
  app.post('/login', (request, reply) => {
    const access = view.access();
    const key = request.body instanceof URLSearchParams ? request.body.get('token')?.trim() : undefined;
    if (access === null || !key) return sendForm(reply, access === null ? 200 : 401);
    const asker = access.check(key, request.raw);
    if (asker.user === null) {
      // Not looked at, it is neither wrong nor worth a line: ten a minute are.
      if (asker.waitMs > 0) return refuseGuesser(reply, asker.waitMs);
      view.note({ address: request.socket.remoteAddress }, 'a wrong key at the login of the admin listener');
      return sendForm(reply, 401);
    }
    view.note({ user: asker.user, address: request.socket.remoteAddress }, 'logged in at the admin listener');
    // Believed from anybody: it only makes the sender's own cookie stricter.
    const secure = isOverTls(request.raw) || request.headers['x-forwarded-proto'] === 'https';
    return reply.code(303).header('set-cookie', access.begin(key, secure)).header('location', '/').send();
  });
  app.post('/logout', (request, reply) => {
    const cookie = view.access()?.end(request.raw);
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    return reply.code(303).header('location', '/login').send();
  });
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return preferredType(headers.accept, ['application/json', 'text/html']) === 'text/html';
}

function sendForm(reply: FastifyReply, status: 200 | 401): FastifyReply {
  const wrong = status === 401 ? '<p role="alert"><strong>That is no key of this gateway.</strong></p>' : '';
  const body = `${renderHead({ home: null, where: 'admin' })}
<main><div class="sheet">
<h1>Log in</h1>
${wrong}<form method="post" action="/login">
<p><label for="token">Key</label> <input id="token" name="token" type="password" autocomplete="current-password" required autofocus> <button class="main">Log in</button></p>
</form>
<p class="returns"><code>portway passwd --key FILE NAME</code> makes a key; <code>admin: { token: FILE }</code> names the file.</p>
</div></main>`;
  return reply
    .code(status)
    .headers({
      ...pageFields,
      'content-security-policy': formPolicy,
      // Without a referrer, browsers would say `Origin: null` of the form (Fetch §3.2), as of a stranger's.
      'referrer-policy': 'same-origin',
    })
    .send(renderDocument({ title: 'Log in', body, script: null }));
}
