import { get } from 'node:http';
import { until } from '../testing/poll.ts';
import type { Process } from '../testing/processes.ts';

/**
 * Waits until `url` answers 200 with exactly `body`.
 * @throws Error with what it got instead, and what the process printed, where it ends first or 15 s pass.
 */
export async function untilAnswers(started: Process, url: string, body: Buffer): Promise<void> {
  let problem: string | null = null;
  const answers = async () => {
    problem = await problemOf(url, body);
    if (problem !== null && started.end !== null)
      throw new Error(`it ended (${started.end}) before it answered: ${started.complaint()}`);
    return problem === null;
  };
  await until('it answers', answers, 15_000).catch((error: Error) => {
    throw started.end === null ? new Error(`${url}: ${problem}, for 15 s: ${started.complaint()}`) : error;
  });
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
