import { once } from 'node:events';

const withinMs = 10_000;

/** Memory of a process after a collection, in bytes: the living objects of V8 and its buffers. */
export interface LivingMemory {
  readonly heapUsed: number;
  readonly external: number;
}

/**
 * Collects the garbage of a process and asks what is left, through its inspector. Without pressure V8 lets garbage lie for minutes, and its
 * memory grows as if something leaked.
 * @param port of the inspector.
 * @throws where it does not answer within 10 s.
 */
export async function livingMemory(port: number): Promise<LivingMemory> {
  const signal = AbortSignal.timeout(withinMs);
  const listed = await fetch(`http://127.0.0.1:${port}/json/list`, { signal });
  const [target] = (await listed.json()) as { readonly webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target!.webSocketDebuggerUrl);
  try {
    await once(socket, 'open', { signal });
    // Twice, because what the first one finalises is garbage for the second.
    for (let turn = 0; turn < 2; turn++) await call(socket, signal, 'HeapProfiler.collectGarbage', {});
    const expression = 'JSON.stringify(process.memoryUsage())';
    const answer = await call(socket, signal, 'Runtime.evaluate', { expression });
    return JSON.parse(answer.result!.result!.value!) as LivingMemory;
  } finally {
    socket.close();
  }
}

interface Answer {
  readonly result?: { readonly result?: { readonly value?: string } };
}

async function call(socket: WebSocket, signal: AbortSignal, method: string, params: object): Promise<Answer> {
  const answered = once(socket, 'message', { signal });
  socket.send(JSON.stringify({ id: 1, method, params }));
  const [message] = (await answered) as [{ readonly data: string }];
  return JSON.parse(message.data) as Answer;
}
