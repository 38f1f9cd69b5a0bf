/** Handshakes of TLS, each with one request: `node handshakes-program.ts URL CONNECTIONS SECONDS full|resumed` prints what came of them as JSON. */

import { connect, type TLSSocket } from 'node:tls';
import { quantile } from '../testing/statistics.ts';
import type { LoadResult } from './load-plan.ts';

const [url = '', connections = '', seconds = '', kind = ''] = process.argv.slice(2);
const { hostname, port, host, pathname } = new URL(url);
const REQUEST = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

const times: number[] = [];
const problems = new Map<string, number>();
let bytes = 0;

/** One behind the other, each with the newest ticket where they are to be resumed: Node gives one with a full handshake alone. */
async function loop(until: number): Promise<void> {
  let ticket: Buffer | undefined;
  while (performance.now() < until) {
    const resumes = ticket !== undefined;
    const from = performance.now();
    const made = await handshake(ticket);
    if (kind === 'resumed') ticket = made.ticket ?? ticket;
    // The first of a loop has nothing to resume.
    if (kind === 'resumed' && !resumes) continue;
    if (made.problem !== null) problems.set(made.problem, (problems.get(made.problem) ?? 0) + 1);
    else if (made.resumed !== resumes) problems.set('not resumed', (problems.get('not resumed') ?? 0) + 1);
    else times.push(performance.now() - from);
  }
}

interface Made {
  readonly problem: string | null;
  readonly resumed: boolean;
  readonly ticket: Buffer | undefined;
}

function handshake(session: Buffer | undefined): Promise<Made> {
  const { promise, resolve } = Promise.withResolvers<Made>();
  let ticket: Buffer | undefined;
  let answer = '';
  const over = (problem: string | null) => resolve({ problem, resumed: socket.isSessionReused(), ticket });
  const options = {
    host: hostname,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  };
  const socket: TLSSocket = connect(session === undefined ? options : { ...options, session })
    .on('secureConnect', () => socket.write(REQUEST))
    .on('session', (given: Buffer) => {
      ticket = given;
    })
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      answer += chunk.toString('latin1');
    })
    .on('end', () => over(answer.startsWith('HTTP/1.1 200 ') ? null : 'no 200'))
    .on('error', (error) => over(error.message));
  return promise;
}

const from = performance.now();
const until = from + Number(seconds) * 1_000;
await Promise.all(Array.from({ length: Number(connections) }, () => loop(until)));
const result: LoadResult = {
  requests: times.length,
  seconds: (performance.now() - from) / 1_000,
  bytes,
  p50Ms: quantile(times, 0.5),
  p99Ms: quantile(times, 0.99),
  problems: [...problems].map(([what, count]) => `${count} × ${what}`),
};
process.stdout.write(JSON.stringify(result));
