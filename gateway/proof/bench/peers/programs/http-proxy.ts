import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';
import { proxyArguments } from './arguments.ts';

const { port, origin, pathPrefix } = proxyArguments();
const proxy = httpProxy.createProxyServer({
  target: origin,
  agent: new Agent({ keepAlive: true }),
  xfwd: true,
});

createServer((request, response) => {
  request.url = request.url?.slice(pathPrefix.length) || '/';
  proxy.web(request, response, {}, () => response.writeHead(502).end());
}).listen(port, '127.0.0.1');
