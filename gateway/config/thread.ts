/** One question to a thread of its own, within limits. */

import { type Transferable, Worker } from 'node:worker_threads';

export interface ThreadLimits {
  readonly memoryMb: number;
  readonly deadlineMs: number;
}

export interface ThreadOptions {
  readonly transferList?: Transferable[];
  /** Options of Node for it; default: none. */
  readonly execArgv?: string[];
  /** Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Why there is no answer: `memory` and `late` name the limit that was met, `silent` is an end without a word, `failed` an error. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure';
  readonly reason: 'memory' | 'late' | 'silent' | 'failed';

  constructor(reason: ThreadFailure['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * The first message of a program that gets `data` as its `workerData`. The thread has ended when it resolves.
 * @throws ThreadFailure, or the reason why the thread could not start
 */
export async function askThread<Answer>(
  program: URL,
  data: unknown,
  { memoryMb, deadlineMs }: ThreadLimits,
  { transferList = [], execArgv = [], env }: ThreadOptions = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const thread = new Worker(program, {
    workerData: data,
    transferList,
    execArgv,
    ...(env && { env: { ...env } }),
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, maxOldGenerationSizeMb: memoryMb },
  });
  const fail = (reason: ThreadFailure['reason'], message: string) =>
    reject(new ThreadFailure(reason, message));
  thread
    .once('message', resolve)
    .once('messageerror', (cause) => fail('failed', cause.message))
    .once('error', (cause: NodeJS.ErrnoException) =>
      fail(cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'failed', cause.message),
    )
    .once('exit', (code) => fail('silent', `it ended with ${code}`));
  const timer = setTimeout(() => fail('late', `no answer within ${deadlineMs} ms`), deadlineMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    void thread.terminate();
  }
}

/** Nearly all that it makes is rubbish soon, and a small young generation would copy it around. */
const YOUNG_GENERATION_MB = 64;
