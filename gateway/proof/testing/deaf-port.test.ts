import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { othersConnect } from './deaf-listener.ts';
import { startDeafPort } from './deaf-port.ts';

test('an attempt to connect to a deaf port neither succeeds nor fails', async () => {
  const socket = connect(await startDeafPort(), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await othersConnect();
  expect([socket.connecting, socket.destroyed]).toEqual([true, false]);
});
