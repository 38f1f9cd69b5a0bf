import { readBody, requireContentType } from '../../body.ts';
import { httpService } from '../../http-service.ts';
import { publicAddress, publicPrefix } from '../../public-address.ts';
import { addResource } from '../../resource.ts';
import { runService } from '../../run.ts';
import { createWebApp } from '../../web-app.ts';

/** A service that does nothing but show the contract: what the kit's tests talk to. */
await runService({
  name: 'probe',
  defaultPort: 0,
  async create(parts) {
    const { log } = parts;
    let release: (() => void) | undefined;
    const app = createWebApp({ log });
    addResource(app, '/slow', {
      GET: async (_request, reply) => {
        log.info('slow began');
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return reply.send('finished');
      },
    });
    addResource(app, '/release', {
      POST: (_request, reply) => {
        release?.();
        return reply.send('released');
      },
    });
    addResource(app, '/hang', { GET: () => new Promise(() => log.info('hang began')) });
    addResource(app, '/link', {
      GET: (request, reply) =>
        reply.send({ ...publicAddress(request.headers), path: `${publicPrefix(request.headers)}/x` }),
    });
    addResource(app, '/body', {
      POST: async (request, reply) => {
        requireContentType(request.raw, 'application/json');
        return reply.send({ bytes: (await readBody(request.raw, 1000)).length });
      },
    });
    addResource(app, '/fail', {
      GET: () => {
        throw new Error('a secret of the inside');
      },
    });
    await app.ready();
    // Released by the signal, so that a test sees an exchange that ends while the process drains.
    return httpService(app.server, parts, { beginDrain: () => setTimeout(() => release?.(), 200) });
  },
});
