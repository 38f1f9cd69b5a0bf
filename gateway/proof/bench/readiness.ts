import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from './children.ts';

const startTimeoutMs = 15_000;
const pollMs = 50;

/**
 * A port of 127.0.0.1 that is free now, from 20000 to 31999: below the range that the kernel takes client ports from, because a
 * connection to the origin must not sit on the port that the next peer is about to listen on.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await canListen(port)) return port;
  }
}

/**
 * Waits until `url` answers 200 with exactly `body`.
 * @throws Error with what it got instead, and what the process printed, where it ends first or 15 s pass.
 */
export async function untilAnswers(child: Child, url: string, body: Buffer): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  let ended: string | null = null;
  void child.ended.then((how) => {
    ended = how;
  });
  for (;;) {
    const problem = await problemOf(url, body);
    if (problem === null) return;
    if (ended !== null) throw new Error(`it ended (${ended}) before it answered: ${child.complaint()}`);
    if (Date.now() > deadline) throw new Error(`${url}: ${problem}, for 15 s: ${child.complaint()}`);
    await delay(pollMs);
  }
}

/** What is wrong with the answer to GET `url`; `null` where it is 200 with exactly `body`. */
export function problemOf(url: string, body: Buffer): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 5000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => resolve(difference(response.statusCode, Buffer.concat(chunks), body)));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 5 s')));
    request.on('error', (error) => resolve(error.message));
  });
}

function difference(status: number | undefined, got: Buffer, expected: Buffer): string | null {
  if (status !== 200) return `answered ${status} instead of 200`;
  return got.equals(expected)
    ? null
    : `answered ${got.length} bytes that are not the ${expected.length} expected`;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
