import { describe, expect, test } from 'vitest';
import { socketPair } from '../proof/testing/socket-pair.ts';
import { writeRawAnswer } from './raw-answer.ts';

const answer = { status: 400, fields: ['Content-Length', '5', 'X-A', '\xe9'], body: Buffer.from('wrong') };

describe('an answer that is written where there is no response object', () => {
  test('is complete, says that it is the last, and the connection ends', async () => {
    const { near, far } = await socketPair();
    writeRawAnswer(near, answer);
    const { head, text } = await far.answer();
    expect([head.startLine, text]).toEqual(['HTTP/1.1 400 Bad Request', 'wrong']);
    expect([head.value('connection'), head.value('x-a'), head.has('date')]).toEqual(['close', '\xe9', true]);
    expect(await far.ending()).toBe('fin');
  });

  test('is not lost on a client that goes on sending', async () => {
    const { near, far } = await socketPair();
    void far.send(Buffer.alloc(4 * 1024 * 1024));
    writeRawAnswer(near, answer);
    expect((await far.answer()).text).toBe('wrong');
    expect(await far.ending()).toBe('fin');
  });

  test('is followed by the end of our socket, as soon as the client ends its side', {
    timeout: 1_500,
  }, async () => {
    const { near, far } = await socketPair();
    const closed = new Promise((resolve) => near.once('close', resolve));
    writeRawAnswer(near, answer);
    await far.answer();
    far.fin();
    await closed;
  });

  test('is not tried on a connection that takes nothing any more', async () => {
    const { near, far } = await socketPair();
    near.end();
    writeRawAnswer(near, answer);
    expect(near.destroyed).toBe(true);
    expect((await far.rest()).bytes.length).toBe(0);
  });

  test('does no harm to a process when the client resets meanwhile', async () => {
    const { near, far } = await socketPair();
    writeRawAnswer(near, answer);
    const closed = new Promise((resolve) => near.once('close', resolve));
    far.reset();
    await closed;
  });
});
