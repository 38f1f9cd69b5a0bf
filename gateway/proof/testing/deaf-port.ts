import { onTestFinished } from 'vitest';
import { DeafListener } from './deaf-listener.ts';

/** A port where a connection attempt hangs; it is closed with the test. */
export async function startDeafPort(): Promise<number> {
  const listener = await DeafListener.open();
  onTestFinished(() => listener.close());
  return listener.port;
}
