import { readdir } from 'node:fs/promises';
import type { ReadingBuilder } from './reading.ts';

/** Readings of the process from the operating system. */
export async function readProcess(reading: ReadingBuilder): Promise<void> {
  const { user, system } = process.cpuUsage();
  reading.add('process_cpu_seconds_total', user / 1e6, { mode: 'user' });
  reading.add('process_cpu_seconds_total', system / 1e6, { mode: 'system' });
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  reading.add('process_resident_memory_bytes', rss);
  reading.add('nodejs_heap_total_bytes', heapTotal);
  reading.add('nodejs_heap_used_bytes', heapUsed);
  reading.add('process_start_time_seconds', Math.round(performance.timeOrigin) / 1000);
  const descriptors = await openDescriptors();
  if (descriptors !== null) reading.add('process_open_fds', descriptors);
}

/** `null`: the system does not tell, or has no descriptor left to read it with. */
function openDescriptors(): Promise<number | null> {
  // One of them is the folder's own.
  return readdir('/proc/self/fd').then(
    ({ length }) => length - 1,
    () => null,
  );
}
