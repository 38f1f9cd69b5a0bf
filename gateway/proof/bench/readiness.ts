import { ask } from '../testing/load.ts';
import { until } from '../testing/poll.ts';
import type { Process } from '../testing/processes.ts';

/**
 * Waits until `url` answers 200 with exactly `body`.
 * @throws Error with the last answer and the output of the process, where the process ends first or 15 s pass.
 */
export async function untilAnswers(
  started: Process,
  url: string,
  body: Buffer,
  field?: string,
): Promise<void> {
  let problem: string | null = null;
  const answers = async () => {
    problem = await problemOf(url, body, field);
    if (problem !== null && started.end !== null)
      throw new Error(`it ended (${started.end}) before it answered: ${started.complaint()}`);
    return problem === null;
  };
  await until('it answers', answers, 15_000).catch((error: Error) => {
    throw started.end === null ? new Error(`${url}: ${problem}, for 15 s: ${started.complaint()}`) : error;
  });
}

/** The fault of the answer to GET `url`; `null` where it is 200 with exactly the text `body`. */
export async function problemOf(url: string, body: Buffer, field?: string): Promise<string | null> {
  const { port, pathname, protocol } = new URL(url);
  const { status, complete, text, broke } = await ask(Number(port), pathname, {
    withinMs: 5_000,
    secure: protocol === 'https:',
    ...(field === undefined ? {} : { headers: headersOf(field) }),
  });
  if (!complete) return broke ?? 'broken off';
  if (status !== 200) return `answered ${status} instead of 200`;
  if (text === String(body)) return null;
  return `answered ${text.length} bytes that are not the ${body.length} expected`;
}

function headersOf(field: string): Record<string, string> {
  const [name = '', value = ''] = field.split(': ');
  return { [name]: value };
}
