import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

// The origin where nginx is not installed: every file of a folder, out of memory. Called with folder and port.
const [folder = '.', port] = process.argv.slice(2);
const bodies = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]));

createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const body = bodies.get(request.url ?? '');
  const fields = {
    'cache-control': 'max-age=3600',
    'content-type': 'text/plain',
    'content-length': body?.length ?? 0,
  };
  response.writeHead(body === undefined ? 404 : 200, fields).end(body);
}).listen(Number(port), '127.0.0.1');
