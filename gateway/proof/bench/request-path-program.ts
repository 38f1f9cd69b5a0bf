import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { startGateway } from '../../gateway.ts';
import { listening } from '../testing/free-port.ts';

/** The functions that one small request on a kept connection calls, as V8 counts them. `node gateway/proof/bench/request-path-program.ts wire|general` prints it as JSON. */
export interface RequestPath {
  readonly calls: number;
  readonly functions: number;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
const WARM_UP = 300;
const GATEWAY = new URL('../../', import.meta.url);
const PROOF = new URL('proof/', GATEWAY);

async function main(lane: string): Promise<void> {
  const service = net.createServer((socket) => socket.on('data', () => socket.write(ANSWER)));
  const port = await listening(service);
  const folder = await mkdtemp(join(tmpdir(), 'portway-path-'));
  const configFile = join(folder, 'gateway.config.yaml');
  writeFileSync(
    configFile,
    `port: 1\nadmin: false\noverload: off\nroutes:\n  /db: { to: ${port}, lane: ${lane} }\n`,
  );
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const gateway = await startGateway({
    configFile,
    env: {},
    mode: 'production',
    log: pino(discard),
    listen: { port: 0, adminPort: 0 },
  });
  const client = net.connect(gateway.address.port, '127.0.0.1');
  for (let i = 0; i < WARM_UP; i++) await ask(client);
  const paths: RequestPath[] = [];
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  for (let i = 0; i < SAMPLES; i++) {
    await session.post('Profiler.takePreciseCoverage');
    await ask(client);
    paths.push(pathOf((await session.post('Profiler.takePreciseCoverage')).result));
  }
  session.disconnect();
  client.destroy();
  await gateway.close(0);
  service.close();
  await rm(folder, { recursive: true });
  // A tick of a clock that falls into a request is no part of it.
  paths.sort((a, b) => a.calls - b.calls);
  process.stdout.write(`${JSON.stringify(paths[0])}\n`);
}

const SAMPLES = 60;

function ask(client: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    let got = '';
    const take = (bytes: Buffer) => {
      got += bytes.toString('latin1');
      if (!got.endsWith('hello')) return;
      client.off('data', take);
      // The line in the log and what the exchange leaves behind come after the answer.
      setImmediate(() => setImmediate(resolve));
    };
    client.on('data', take);
    client.write('GET /db/users?x=1 HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: path\r\n\r\n');
  });
}

interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly count: number }[];
  }[];
}

function pathOf(scripts: readonly Script[]): RequestPath {
  let calls = 0;
  let functions = 0;
  const files: string[] = [];
  for (const { url, functions: all } of scripts) {
    if (!url.startsWith(GATEWAY.href) || url.startsWith(PROOF.href)) continue;
    const called = all.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
    if (called.length === 0) continue;
    functions += called.length;
    for (const { ranges } of called) calls += ranges[0]!.count;
    files.push(relative(GATEWAY.pathname, new URL(url).pathname));
  }
  return {
    calls,
    functions,
    files: files.sort(),
    folders: [...new Set(files.map((file) => dirname(file)))].sort(),
  };
}

await main(process.argv[2] ?? 'wire');
