import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ListenError, type PortUse } from '../listener/listen-error.ts';
import type { CommandContext } from './command.ts';
import { reportStartFailure } from './failure.ts';

async function told(port: number, code: string, use?: PortUse): Promise<string> {
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  const error = new ListenError('127.0.0.1', port, Object.assign(new Error(code), { code }), use);
  await reportStartFailure(error, 'a.yaml', { stderr } as unknown as CommandContext);
  return lines.join('');
}

// Before, two gateways on one machine fought for a port that neither of their files had.
test('a taken port of the admin listener is told as such, with the key that most files do not have', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void holder.close());
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const text = await told(port, 'EADDRINUSE', 'admin');
  expect(text).toContain(`can't listen on 127.0.0.1:${port} (the admin listener): the port is taken by `);
  expect(text).toMatch(/End that, or write `admin: \d+`, or `admin: false`, in a\.yaml\.\n$/);
  expect(await told(port, 'EADDRINUSE')).toMatch(/End that, or choose another port in a\.yaml\.\n$/);
});

test('a port below 1024 that the system keeps is told with both ways out', async () => {
  expect(await told(80, 'EACCES')).toBe(
    "portway: can't listen on 127.0.0.1:80: the system does not allow it (ports below 1024 are often reserved).\n" +
      'Choose a port from 1024 on in a.yaml, or allow this one: CAP_NET_BIND_SERVICE (docs/server.md).\n',
  );
});
