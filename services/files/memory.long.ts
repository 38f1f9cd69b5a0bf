import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';

const mebibyte = 1024 * 1024;
const fileBytes = 256 * mebibyte;

it.skipIf(process.platform !== 'linux')(
  'grows by less than 32 MiB for a file of 256 MiB, up and down',
  async () => {
    await using data = await temporaryFolder();
    const files = await startService('files', { dataDir: data.path });
    await (await fetch(files.url)).text();
    const before = await residentBytes(files, 'VmRSS');
    const sent = await fetch(`${files.url}/large.bin`, { method: 'PUT', body: manyBytes(), duplex: 'half' });
    expect(sent.status).toBe(201);
    let received = 0;
    for await (const chunk of (await fetch(`${files.url}/large.bin`)).body!) received += chunk.length;
    expect(received).toBe(fileBytes);
    expect((await residentBytes(files, 'VmHWM')) - before).toBeLessThan(32 * mebibyte);
    await files.end('SIGKILL');
  },
);

function manyBytes(): ReadableStream<Uint8Array> {
  const chunk = Buffer.alloc(256 * 1024, 'portway');
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(chunk);
      sent += chunk.length;
      if (sent >= fileBytes) controller.close();
    },
  });
}

/** As the kernel counts it: now (`VmRSS`) or at its highest (`VmHWM`). */
async function residentBytes(service: ServiceProcess, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}
