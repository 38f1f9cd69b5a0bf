import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceStatus } from '../model/status.ts';
import { sendJson, sendProblem } from './admin-problem.ts';
import { refuseRemote } from './refuse-remote.ts';

/** The processes that this gateway runs, as far as the admin listener may see and change them. */
export interface ServiceControl {
  readonly names: readonly string[];
  status(): readonly ServiceStatus[];
  find(name: string): ControlledService | undefined;
  /** Calls `heard` with each line that the service of this name writes from now on. @returns ends that. */
  follow(name: string, heard: (line: string) => void): () => void;
}

interface ControlledService {
  /** Its output, oldest first. */
  lines(): readonly string[];
  restart(why: string): void;
}

/** The gateway's file, as an absolute path, and its processes; `null`: it runs none. */
export interface ServicesView {
  file(): string;
  readonly services: ServiceControl | null;
}

/** `/services`, `/services/NAME/log` and `/services/NAME/restart`: for this machine alone, wherever the listener can be reached from. */
export function answerServices(app: FastifyInstance, view: ServicesView): void {
  app.register(async (own) => {
    own.addHook('onRequest', refuseRemote);
    own.get('/services', (_request, reply) =>
      sendJson(reply, { file: view.file(), services: view.services?.status() ?? null }),
    );
    answerProcess(own, view.services);
  });
}

/** One of them: its lines, and a new beginning. */
function answerProcess(app: FastifyInstance, services: ServiceControl | null): void {
  app.get('/services/:name/log', (request, reply) =>
    withService(request, reply, services, (control, name, service) => {
      const { tail, follow } = request.query as { readonly tail?: string; readonly follow?: string };
      const count = Number(tail ?? LINES_SHOWN);
      const lines = Number.isInteger(count) && count > 0 ? service.lines().slice(-count) : [];
      reply.type('text/plain; charset=utf-8');
      // HEAD must not follow: nothing would end it.
      if (follow === undefined || request.method === 'HEAD')
        return reply.send(lines.map((line) => `${line}\n`).join(''));
      // The idle timeout must not end the log of a silent service.
      request.raw.setTimeout(0);
      return reply.send(followed(lines, (heard) => control.follow(name, heard)));
    }),
  );
  app.post('/services/:name/restart', (request, reply) =>
    withService(request, reply, services, (control, name, service) => {
      service.restart('asked for by `portway restart`');
      return sendJson(reply, control.status().find((one) => one.name === name) ?? null);
    }),
  );
}

const LINES_SHOWN = 20;

function withService(
  request: FastifyRequest,
  reply: FastifyReply,
  services: ServiceControl | null,
  answer: (control: ServiceControl, name: string, service: ControlledService) => FastifyReply,
): FastifyReply {
  if (services === null) return sendProblem(reply, { status: 409, detail: RUNS_NONE });
  const { name } = request.params as { readonly name: string };
  const service = services.find(name);
  if (service !== undefined) return answer(services, name, service);
  const more = { services: services.names };
  return sendProblem(reply, { status: 404, detail: 'There is no such service.', more });
}

const RUNS_NONE =
  'This gateway runs no services: `portway start` runs the gateway alone, `portway dev` services too.';

/** More than a reader may leave unread: then its connection breaks off. */
const UNREAD_MAX_CHARS = 1 << 20;

/** A text that goes on until its reader leaves. */
function followed(begin: readonly string[], follow: (heard: (line: string) => void) => () => void): Readable {
  let leave = (): void => {};
  const text = new Readable({
    read() {},
    destroy(error, done) {
      leave();
      done(error);
    },
  });
  const push = (line: string) => {
    text.push(`${line}\n`);
    if (text.readableLength > UNREAD_MAX_CHARS) text.destroy(new Error('the reader of a log is too slow'));
  };
  for (const line of begin) push(line);
  leave = follow(push);
  return text;
}
