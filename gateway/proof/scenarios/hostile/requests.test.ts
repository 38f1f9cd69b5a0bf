import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BareClient } from '../../testing/bare-client.ts';
import { get } from '../../testing/http-client.ts';
import { until } from '../../testing/poll.ts';
import { laneKinds, type RouteKind } from '../../testing/route-kinds.ts';
import type { StrictAnswer } from '../../testing/strict-reader.ts';
import type { HostileRequest } from './case.ts';
import { comparableHead, comparableRequest, summaryOf } from './comparable.ts';
import { inWireLane, Stage } from './stage.ts';
import { requestThemes } from './themes.ts';

describe.each(laneKinds)('hostile requests on $kind', (kind) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(kind, ['bodyMax: 100KiB'], () => ({ parts: [OK] }), 'page: true\n');
  });
  afterAll(() => stage.close());

  describe.each(requestThemes)('%s', (_theme, rows) => {
    test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      await play(stage, { ...row, ...difference(row, kind) });
    });
  });
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function difference(row: HostileRequest, kind: RouteKind): Partial<HostileRequest> {
  return inWireLane(kind) ? (row.throughWire ?? {}) : {};
}

async function play(stage: Stage, row: HostileRequest): Promise<void> {
  stage.service.take();
  const client = await BareClient.open(stage.port);
  try {
    await client.sendParts(row.sent);
    if (row.fin) client.fin();
    await client.sees(() => isDone(client, row));
    const end = client.ended === null ? 'open' : 'closed';
    expect({ answers: answersTo(client), end }).toEqual({ answers: row.answers, end: row.end });
    expect(client.read()).toMatchObject({ refused: null, unfinished: false });
    if (row.end === 'open') await isAnsweredNext(client, row);
  } finally {
    client.destroy();
  }
  await sawNothingElse(stage, row);
}

/** All answers are there, and the last of them promises that another request may follow. */
function isDone(client: BareClient, { answers }: HostileRequest): boolean {
  const [last, ...before] = finals(client).reverse();
  return before.length + 1 >= answers.length && last !== undefined && !closes(last);
}

function closes({ fields }: StrictAnswer): boolean {
  return fields.some(({ name, value }) => /^connection$/i.test(name) && /close/i.test(value));
}

function finals(client: BareClient): StrictAnswer[] {
  return client.read().messages.filter(({ status }) => status >= 200);
}

function answersTo(client: BareClient): string[] {
  return finals(client).map(summaryOf);
}

/** Whoever reads the connection on has understood where the last request ended. */
async function isAnsweredNext(client: BareClient, row: HostileRequest): Promise<void> {
  await client.sendParts([get('/db/next')]);
  await client.sees(() => finals(client).length > row.answers.length);
  expect(answersTo(client).slice(row.answers.length)).toEqual(['200']);
}

async function sawNothingElse(stage: Stage, row: HostileRequest): Promise<void> {
  const { service } = stage;
  expect((await stage.sentinel()).text).toBe('sentinel');
  await until('the service waits for no rest of a request', () => !service.midway);
  const { whole, begun } = service.take();
  const requests = whole.filter(({ request }) => request.target !== '/sentinel');
  const next = row.end === 'open' ? [expect.stringMatching(/^GET \/next /)] : [];
  expect(requests.map(comparableRequest)).toEqual([...row.forwarded, ...next]);
  expect(service.faults.splice(0)).toEqual([]);
  expect(begun.map(comparableHead).filter((head) => !row.mayBegin?.startsWith(head))).toEqual([]);
}
