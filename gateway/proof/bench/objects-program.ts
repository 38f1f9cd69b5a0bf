import { createServer } from 'node:http';

// The origin of a load over many objects: any path below `/z/` is one, and `/count` says how often it was asked for one. Called with port and body.
const [port, body = ''] = process.argv.slice(2);
let count = 0;

createServer({ keepAliveTimeout: 600_000 }, ({ url = '' }, response) => {
  if (url === '/count') return void response.end(String(count));
  count++;
  response.writeHead(200, { 'cache-control': 'max-age=3600', 'content-length': body.length }).end(body);
}).listen(Number(port), '127.0.0.1');
