import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService, temporaryFolder } from '../kit/testing/service-process.ts';
import { callJson, type DatabaseUnderTest, startDatabase } from './testing.ts';

let db: DatabaseUnderTest;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

interface FeedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: {
    readonly collection?: string;
    readonly id?: string;
    readonly document?: { readonly n?: number };
  };
}

/** Reads a stream until an event fits, and leaves. */
async function readFeed(
  url: string,
  until: (event: FeedEvent) => boolean,
  headers: Record<string, string> = {},
) {
  const abort = new AbortController();
  const answer = await fetch(url, { headers, signal: abort.signal });
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const events: FeedEvent[] = [];
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s)),
      );
      text = text.slice(end + 2);
      if (!fields.event) continue;
      events.push({ ...fields, data: JSON.parse(fields.data) });
      if (until(events.at(-1)!)) {
        abort.abort();
        return events;
      }
    }
  }
  throw new Error(`the stream ended after ${JSON.stringify(events)}`);
}

const kinds = (events: FeedEvent[]) => events.map((event) => `${event.event} ${event.data.id ?? ''}`.trim());

describe('the change feed', () => {
  it('tells every change as it happens, with the document', async () => {
    const reading = readFeed(`${db.service.url}/live/_changes?since=0`, (event) => event.event === 'delete');
    await db.call('PUT', '/live/a', { n: 1 });
    await db.call('PUT', '/other/x', {});
    await db.call('DELETE', '/live/a');
    const events = await reading;
    expect(events.at(-1)).toMatchObject({ event: 'delete', data: { collection: 'live', id: 'a' } });
    expect(events.some((event) => event.data.collection === 'other')).toBe(false);
  });

  it('begins with now, unless it is told where', async () => {
    await db.call('PUT', '/now/old', {});
    const events = await readFeed(`${db.service.url}/_changes`, (event) => {
      if (event.event === 'ready') void db.call('PUT', '/now/new', {});
      return event.event === 'put';
    });
    expect(kinds(events)).toEqual(['ready', 'put new']);
  });

  it('resumes after the last event that was seen, each document once with its newest version', async () => {
    const first = await db.call('PUT', '/resume/a', { n: 1 });
    const seen = first.headers.get('etag')!.slice(1, -1);
    await db.call('PUT', '/resume/b', { n: 1 });
    await db.call('PUT', '/resume/b', { n: 2 });
    await db.call('PUT', '/resume/c', { n: 1 });
    await db.call('DELETE', '/resume/a');
    const events = await readFeed(
      `${db.service.url}/resume/_changes?since=999999`,
      (event) => event.event === 'delete',
      { 'last-event-id': seen },
    );
    expect(kinds(events)).toEqual(['ready', 'put b', 'put c', 'delete a']);
    expect(events[1]?.data.document).toEqual({ id: 'b', n: 2 });
    expect(Number(events[1]?.id)).toBeLessThan(Number(events[2]?.id));
  });

  it('begins anew where it can not know what was missed', async () => {
    await db.call('PUT', '/anew/a', {});
    const events = await readFeed(
      `${db.service.url}/anew/_changes?since=99999999`,
      (event) => event.event === 'put',
    );
    expect(kinds(events)).toEqual(['reset', 'ready', 'put a']);
  });

  it.each(['since=x', 'since=-1', 'form=1'])('refuses ?%s', async (query) => {
    expect((await db.call('GET', `/_changes?${query}`)).status).toBe(400);
  });

  it('reaches a slow reader whole when it reads on', async () => {
    const socket = connect(db.service.port, '127.0.0.1');
    socket.write('GET /slow/_changes?since=0 HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'readable');
    const total = 30;
    for (let n = 0; n < total; n += 1) await db.call('PUT', `/slow/d${n}`, { text: 'x'.repeat(500_000) });
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.includes(`"id":"d${total - 1}"`)) break;
    }
    expect(text.match(/event: put/g)).toHaveLength(total);
  });

  it('ends when the service stops, and goes on where it was after the restart', async () => {
    await using data = await temporaryFolder();
    const first = await startService('db', { dataDir: data.path });
    const before = await callJson(first.url, 'PUT', '/c/a', { n: 1 });
    const stream = await fetch(`${first.url}/c/_changes`);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await stream.text()).toContain('event: ready');
    const second = await startService('db', { dataDir: data.path });
    await callJson(second.url, 'PUT', '/c/b', { n: 2 });
    const events = await readFeed(`${second.url}/c/_changes`, (event) => event.event === 'put', {
      'last-event-id': before.headers.get('etag')!.slice(1, -1),
    });
    expect(kinds(events)).toEqual(['ready', 'put b']);
    await second.end('SIGKILL');
  });
});
