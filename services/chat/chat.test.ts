import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startService, temporaryFolder } from '../kit/testing/service-process.ts';
import { type ChatClient, connectChat } from './testing.ts';

let chat: ServiceProcess;
let data: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  data = await temporaryFolder();
  chat = await startService('chat', { dataDir: data.path });
});
afterAll(async () => {
  await chat.end('SIGKILL');
  await data[Symbol.asyncDispose]();
});

const clients: ChatClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
});

async function connect(): Promise<ChatClient> {
  const client = await connectChat(chat.url);
  clients.push(client);
  return client;
}

async function joined(room: string, name: string, more: object = {}): Promise<ChatClient> {
  const client = await connect();
  await client.join(room, name, more);
  return client;
}

describe('a room', () => {
  it('tells every message to all in it, in one order, and to nobody else', async () => {
    const [ada, bob, eve] = [
      await joined('r1', 'Ada'),
      await joined('r1', 'Bob'),
      await joined('other', 'Eve'),
    ];
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) => ada.say(`a${n}`, `ada ${n}`)),
      ...Array.from({ length: 10 }, (_, n) => bob.say(`b${n}`, `bob ${n}`)),
    ]);
    for (const client of [ada, bob])
      await client.until((frame) => frame.seq === 20 && frame.type === 'message');
    expect(ada.texts()).toEqual(bob.texts());
    const seqs = ada.heard.filter((frame) => frame.type === 'message').map((frame) => frame.seq);
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(ada.texts().filter((text) => String(text).startsWith('ada'))).toHaveLength(10);
    expect(eve.texts()).toEqual([]);
  });

  it('carries every character as it is, markup too', async () => {
    const ada = await joined('markup', 'Ada');
    const text = '<img src=x onerror=alert(1)> "quoted" \u2028 \0 👩‍🚀 \\u0041';
    await ada.say('1', text);
    expect(await ada.untilType('message')).toMatchObject({ text, name: 'Ada', room: 'markup', seq: 1 });
  });

  it('tells who is there, who comes and who leaves', async () => {
    const ada = await joined('presence', 'Ada');
    const bob = await connect();
    expect(await bob.join('presence', 'Bob')).toMatchObject({ people: ['Ada', 'Bob'] });
    await ada.until((frame) => frame.type === 'presence' && (frame.came as string[]).includes('Bob'));
    bob.socket.close();
    await ada.until(
      (frame) => frame.type === 'presence' && (frame.left as string[]).includes('Bob') && frame.count === 1,
    );
  });

  it('keeps a name for one person, and lets that person come again', async () => {
    const ada = await joined('names', 'Ada', { client: 'first' });
    const thief = await connect();
    thief.send({ type: 'join', room: 'names', name: 'ＡＤＡ', client: 'second' });
    expect(await thief.untilType('error')).toMatchObject({ code: 'name_taken' });
    const again = await joined('names', 'Ada', { client: 'first' });
    expect(await ada.closed()).toBe(4001);
    await again.say('1', 'still here');
  });

  it('shows who is typing to the others', async () => {
    const [ada, bob] = [await joined('typing', 'Ada'), await joined('typing', 'Bob')];
    ada.send({ type: 'typing' });
    expect(await bob.untilType('typing')).toEqual({ type: 'typing', name: 'Ada' });
    expect(ada.heard.some((frame) => frame.type === 'typing')).toBe(false);
  });
});

describe('coming again', () => {
  it('brings what was missed, once and in order', async () => {
    const ada = await joined('resume', 'Ada');
    for (let n = 1; n <= 3; n += 1) await ada.say(`${n}`, `m${n}`);
    const bob = await joined('resume', 'Bob', { after: 1 });
    await ada.say('4', 'm4');
    await bob.until((frame) => frame.text === 'm4');
    expect(bob.texts()).toEqual(['m2', 'm3', 'm4']);
  });

  it('brings more than a page of them while new ones are said', async () => {
    const ada = await joined('long', 'Ada');
    for (let n = 1; n <= 3; n += 1) {
      const writer = await joined('long', `writer${n}`);
      await Promise.all(Array.from({ length: 20 }, (_, m) => writer.say(`${m}`, `${n}.${m}`)));
      const second = await joined('long', `second${n}`);
      await Promise.all(Array.from({ length: 20 }, (_, m) => second.say(`${m}`, `${n}+${m}`)));
    }
    const late = await connect();
    late.send({ type: 'join', room: 'long', name: 'Late', client: 'late', after: 0 });
    const live = Array.from({ length: 10 }, (_, n) => ada.say(`live${n}`, `live ${n}`));
    await Promise.all(live);
    await late.until((frame) => frame.type === 'message' && frame.seq === 130);
    const seqs = late.heard.filter((frame) => frame.type === 'message').map((frame) => frame.seq);
    expect(seqs).toEqual(Array.from({ length: 130 }, (_, n) => n + 1));
  });

  it('stores a message that is sent again under its id once', async () => {
    const ada = await joined('twice', 'Ada');
    const first = await ada.say('same', 'hello');
    ada.socket.terminate();
    const again = await joined('twice', 'Ada', { after: 0 });
    expect(await again.say('same', 'hello')).toEqual(first);
    await again.say('next', 'more');
    await again.until((frame) => frame.text === 'more');
    expect(again.texts()).toEqual(['hello', 'more']);
  });

  it('shows the newest messages to who is new, and older ones on demand', async () => {
    for (const name of ['A', 'B', 'C']) {
      const writer = await joined('past', name);
      await Promise.all(Array.from({ length: 20 }, (_, n) => writer.say(`${n}`, `${name}${n}`)));
    }
    const late = await joined('past', 'Late');
    await late.until((frame) => frame.type === 'message' && frame.seq === 60);
    expect(late.texts()).toHaveLength(50);
    late.send({ type: 'history', before: 11 });
    const { messages } = await late.untilType('history');
    expect((messages as { seq: number }[]).map((message) => message.seq)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });
});

describe('what is refused goes on', () => {
  it.each([
    ['no JSON', '{', 'bad_frame'],
    ['no object', '7', 'bad_frame'],
    ['an unknown type', '{"type":"shout"}', 'unknown_type'],
    ['a prototype for a type', '{"type":"__proto__"}', 'unknown_type'],
    ['a room with a slash', '{"type":"join","room":"a/b","name":"A","client":"a"}', 'bad_room'],
    ['a name of spaces', '{"type":"join","room":"a","name":"  ","client":"a"}', 'bad_name'],
    [
      'a name with a control character',
      '{"type":"join","room":"a","name":"A\\u0007","client":"a"}',
      'bad_name',
    ],
    ['no client', '{"type":"join","room":"a","name":"A"}', 'bad_client'],
    ['a negative seq', '{"type":"join","room":"a","name":"A","client":"a","after":-1}', 'bad_seq'],
    ['saying before joining', '{"type":"say","id":"1","text":"x"}', 'not_joined'],
    ['a message without text', '{"type":"say","id":"1","text":" "}', 'empty'],
    ['a message without an id', '{"type":"say","text":"x"}', 'bad_id'],
    [
      'a message that is too long',
      JSON.stringify({ type: 'say', id: '1', text: 'x'.repeat(4001) }),
      'too_long',
    ],
  ])('%s', async (_name, frame, code) => {
    const client = await connect();
    client.send(frame);
    expect(await client.untilType('error')).toMatchObject({ code });
    client.send({ type: 'ping' });
    await client.untilType('pong');
  });

  it('messages that come too fast, by their id', async () => {
    const ada = await joined('fast', 'Ada');
    for (let n = 0; n < 40; n += 1) ada.send({ type: 'say', id: `${n}`, text: 'x' });
    const error = await ada.untilType('error');
    expect(error).toMatchObject({ code: 'too_fast', id: expect.stringMatching(/^\d+$/) });
    expect(Number(error.id)).toBeGreaterThanOrEqual(20);
  });
});

describe('what ends the connection, and no other', () => {
  it.each([
    ['a frame larger than 64 KiB', (client: ChatClient) => client.send('x'.repeat(70_000)), 1009],
    ['a binary frame', (client: ChatClient) => client.socket.send(Buffer.from([1, 2])), 1003],
    [
      'a flood',
      (client: ChatClient) => {
        for (let n = 0; n < 400; n += 1) client.send({ type: 'ping' });
      },
      1008,
    ],
  ])('%s', async (_name, misbehave, code) => {
    const [bystander, client] = [await joined('calm', 'Calm'), await connect()];
    misbehave(client);
    expect(await client.closed()).toBe(code);
    await bystander.say(`after-${code}`, 'still here');
  });

  it('silence: who does not answer a ping is not there any more', async () => {
    await using folder = await temporaryFolder();
    const service = await startService('chat', { dataDir: folder.path, env: { CHAT_HEARTBEAT_MS: '1000' } });
    const [ada, mute] = [await connectChat(service.url), await connectChat(service.url)];
    await ada.join('silence', 'Ada');
    await mute.join('silence', 'Mute');
    mute.socket.pause();
    await ada.until((frame) => frame.type === 'presence' && (frame.left as string[]).includes('Mute'));
    expect(ada.socket.readyState).toBe(ada.socket.OPEN);
    mute.socket.terminate();
    await service.end('SIGKILL');
  });
});

describe('the handshake', () => {
  it('refuses pages of other origins, and takes this one', async () => {
    await expect(connectChat(chat.url, { origin: 'https://evil.example' })).rejects.toThrow('403');
    await expect(connectChat(chat.url, { origin: 'null' })).rejects.toThrow('403');
    (await connectChat(chat.url, { origin: chat.url })).socket.terminate();
  });

  it('refuses every other path', async () => {
    await expect(connectChat(`${chat.url}/elsewhere`)).rejects.toThrow('404');
  });

  it('has a page with relative addresses under a strict policy', async () => {
    const answer = await fetch(chat.url, { headers: { accept: 'text/html' } });
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    const text = await answer.text();
    expect(text).not.toMatch(/(?:href|src)="\//);
    for (const file of text.matchAll(/(?:href|src)="(_page\/[^"]+)"/g)) {
      expect((await fetch(`${chat.url}/${file[1]}`)).status).toBe(200);
    }
  });
});
