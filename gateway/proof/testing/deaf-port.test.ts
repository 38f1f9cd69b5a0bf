import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startDeafPort } from './deaf-port.ts';

test('an attempt to connect to a deaf port neither succeeds nor fails', async () => {
  const socket = connect(await startDeafPort(), '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(() => 'connected'),
    once(socket, 'close').then(() => 'closed'),
    new Promise((resolve) => setTimeout(resolve, 300, 'hangs')),
  ]);
  expect(outcome).toBe('hangs');
  socket.destroy();
});
