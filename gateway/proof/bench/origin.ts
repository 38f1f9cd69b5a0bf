import { fileURLToPath } from 'node:url';
import { freePort } from '../testing/free-port.ts';
import { caseBody, cases } from './cases.ts';
import { findNginx } from './peers/nginx.ts';
import { nginxMain } from './peers/nginx-main.ts';
import { untilAnswers } from './readiness.ts';
import type { Workspace } from './workspace.ts';

/** The service behind every proxy; the cheapest available one, so that the measurement shows the proxy. */
export interface Origin {
  readonly port: number;
  /** Of the service that tunnels lead to. */
  readonly echoPort: number;
  /** Of the one that has many objects, and counts how often it was asked. */
  readonly objectsPort: number;
  /** For the document: `nginx 1.22.1, one worker`. */
  readonly about: string;
}

/** @throws Error where it doesn't come up. */
export async function startOrigin(workspace: Workspace): Promise<Origin> {
  const port = await freePort();
  const echoPort = await startEcho(workspace);
  const objectsPort = await startObjects(workspace);
  const nginx = findNginx();
  const served = cases.filter(({ load }) => load !== 'tunnel' && load !== 'zipf');
  const bodies = Object.fromEntries(served.map((each) => [each.path.slice(1), caseBody(each)]));
  const folder = workspace.makeFolder('origin', bodies);
  const command =
    nginx === null ? nodeOrigin(folder, port) : nginxOrigin(workspace, nginx.path, folder, port);
  const child = await workspace.processes.start(command, { cpu: workspace.loadCpu, quiet: true });
  for (const each of served) {
    await untilAnswers(child, `http://127.0.0.1:${port}${each.path}`, caseBody(each));
  }
  return {
    port,
    echoPort,
    objectsPort,
    about: nginx === null ? `node:http ${process.version}` : `nginx ${nginx.version}, one worker`,
  };
}

async function startEcho(workspace: Workspace): Promise<number> {
  const port = await freePort();
  const program = fileURLToPath(new URL('echo-program.ts', import.meta.url));
  const tunnel = cases.find(({ load }) => load === 'tunnel')!;
  const command = [process.execPath, program, String(port), String(caseBody(tunnel))] as const;
  const child = await workspace.processes.start([...command], { cpu: workspace.loadCpu, quiet: true });
  await untilAnswers(child, `http://127.0.0.1:${port}/`, caseBody(tunnel));
  return port;
}

async function startObjects(workspace: Workspace): Promise<number> {
  const port = await freePort();
  const program = fileURLToPath(new URL('objects-program.ts', import.meta.url));
  const zipf = cases.find(({ load }) => load === 'zipf')!;
  const command = [process.execPath, program, String(port), String(caseBody(zipf))] as const;
  const child = await workspace.processes.start([...command], { cpu: workspace.loadCpu, quiet: true });
  await untilAnswers(child, `http://127.0.0.1:${port}${zipf.path}`, caseBody(zipf));
  return port;
}

// The smallest bodies come out of the configuration itself, the others by sendfile from descriptors that stay open.
function nginxOrigin(
  workspace: Workspace,
  program: string,
  folder: string,
  port: number,
): [string, ...string[]] {
  const small = cases.filter(
    ({ bodyBytes, load, secure }) => bodyBytes < 1024 && load === 'closed' && !secure,
  );
  const locations = small.map((each) => `    location = ${each.path} { return 200 "${caseBody(each)}"; }`);
  for (const { path } of cases.filter(({ cached, load }) => cached && load === 'closed'))
    locations.push(`    location = ${path} { add_header Cache-Control max-age=3600; }`);
  const httpBlock = `  open_file_cache max=16;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${folder};
${locations.join('\n')}
  }`;
  const nginxFolder = workspace.makeFolder('origin-nginx', {});
  workspace.makeFolder('origin-nginx', { 'nginx.conf': nginxMain(nginxFolder, httpBlock) });
  return [program, '-e', `${nginxFolder}/error.log`, '-c', `${nginxFolder}/nginx.conf`];
}

function nodeOrigin(folder: string, port: number): [string, ...string[]] {
  const program = fileURLToPath(new URL('origin-program.ts', import.meta.url));
  return [process.execPath, program, folder, String(port)];
}
