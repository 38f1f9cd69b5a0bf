import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { proxyArguments } from './arguments.ts';

const { port, origin, pathPrefix } = proxyArguments();
const app = fastify();

await app.register(httpProxy, { upstream: origin, prefix: pathPrefix });
await app.listen({ port, host: '127.0.0.1' });
