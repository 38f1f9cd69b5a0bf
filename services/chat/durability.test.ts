import { expect, it } from 'vitest';
import { startService, temporaryFolder } from '../kit/testing/service-process.ts';
import { connectChat } from './testing.ts';

it('keeps every acknowledged message, in order and once, when it is killed in the middle of 8 speakers', async () => {
  await using data = await temporaryFolder();
  const first = await startService('chat', { dataDir: data.path });
  const acknowledged = new Map<number, string>();
  let killed: Promise<unknown> | undefined;
  const speak = async (speaker: number) => {
    const client = await connectChat(first.url);
    await client.join('room', `speaker ${speaker}`, { client: `s${speaker}` });
    for (let n = 0; n < 20; n += 1) {
      const said = await client.say(`${n}`, `${speaker}: ${n}`);
      acknowledged.set(Number(said.seq), `${speaker}: ${n}`);
      if (acknowledged.size >= 100) killed ??= first.end('SIGKILL');
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, speaker) => speak(speaker)));
  await killed;
  expect(acknowledged.size).toBeGreaterThanOrEqual(100);

  const second = await startService('chat', { dataDir: data.path });
  const reader = await connectChat(second.url);
  const { last } = await reader.join('room', 'Reader', { after: 0 });
  await reader.until((frame) => frame.type === 'message' && frame.seq === last);
  const messages = reader.heard.filter((frame) => frame.type === 'message');
  expect(messages.map((message) => message.seq)).toEqual(
    Array.from({ length: Number(last) }, (_, n) => n + 1),
  );
  for (const [seq, text] of acknowledged) expect(messages[seq - 1]).toMatchObject({ seq, text });
  reader.socket.terminate();
  await second.end('SIGKILL');
});

it('tells its clients to come again when it is stopped', async () => {
  await using data = await temporaryFolder();
  const chat = await startService('chat', { dataDir: data.path });
  const client = await connectChat(chat.url);
  await client.join('room', 'Ada');
  await client.say('1', 'last words');
  const exit = chat.end('SIGTERM');
  expect(await client.closed()).toBe(1001);
  expect(await exit).toEqual({ code: 0, signal: null });
});
