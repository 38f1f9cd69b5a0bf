import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { Wire } from './wire.ts';

/** Listens, says where, and then never runs again: what the kernel can't queue any more gets no answer at all. */
const listener = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A port where a connection attempt hangs, as it does where a firewall swallows packets. */
export async function startDeafPort(): Promise<number> {
  const worker = new Worker(listener, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting: Wire[] = [];
  onTestFinished(async () => {
    for (const wire of waiting) wire.destroy();
    await worker.terminate();
  });
  // One attempt after the other fills the queue; the first that gets no answer shows that it is full.
  for (let filled = 0; filled < 16; filled++) {
    const wire = new Wire(connect(port, '127.0.0.1'), 'a connection that nobody accepts');
    waiting.push(wire);
    const connected = await once(wire.socket, 'connect', { signal: AbortSignal.timeout(200) }).catch(
      () => null,
    );
    if (connected === null) return port;
  }
  throw new Error('the queue of the deaf port never filled');
}
