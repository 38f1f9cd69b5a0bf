import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BareClient } from '../../testing/bare-client.ts';
import { until } from '../../testing/poll.ts';
import type { Reaction } from '../../testing/recording-service.ts';
import { laneKinds, type RouteKind } from '../../testing/route-kinds.ts';
import { ask, type HostileAnswer } from './answer-case.ts';
import { summaryOf } from './comparable.ts';
import { slowAnswers } from './slow-answers.ts';
import { Stage } from './stage.ts';
import { answerThemes } from './themes.ts';

describe.each(laneKinds)('hostile answers on $kind', (kind) => {
  describe.each(answerThemes)('%s', (_theme, rows) => playAll(kind, [], rows));
  describe('that are slow', () => playAll(kind, ['timeouts: { response: 600ms, idle: 600ms }'], slowAnswers));
});

function playAll(kind: RouteKind, keys: readonly string[], rows: readonly HostileAnswer[]): void {
  let stage: Stage;
  let reaction: Reaction = { parts: [] };
  beforeAll(async () => {
    stage = await Stage.open(kind, keys, () => reaction);
  });
  afterAll(() => stage.close());

  test.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    await play(stage, asOn(kind, row), (reacts) => {
      reaction = reacts;
    });
  });
}

/** Fastify knows no 1xx. */
function asOn(kind: RouteKind, row: HostileAnswer): HostileAnswer {
  return kind.throughFastify ? { ...row, seen: row.seen.filter((each) => !/^1\d\d/.test(each)) } : row;
}

async function play(stage: Stage, row: HostileAnswer, react: (reaction: Reaction) => void): Promise<void> {
  const { service } = stage;
  service.take();
  const client = await BareClient.open(stage.port);
  const begun = () =>
    until('the client has the head', () => /\r\n\r\n/.test(client.unread().toString('latin1')));
  react(row.begun ? { ...row, between: begun } : row);
  try {
    await client.sendParts([row.asked ?? ask]);
    await client.sees(() => final(client) !== undefined);
    expect(seenBy(client)).toEqual(row.seen);
    expect(client.read().refused).toBe(null);
  } finally {
    client.destroy();
  }
  await until('the service has its request, or what there is of it', () => !service.midway);
  const [asked] = service.whole;
  if (row.connection === 'thrown away')
    await until('the connection is thrown away', () => service.closed(asked?.connection ?? 0));
  const sentinel = await stage.sentinel();
  expect(sentinel.text).toBe('sentinel');
  if (row.connection === 'kept') expect(sentinel.connection).toBe(asked?.connection);
  expect(service.faults.splice(0)).toEqual([]);
}

function final(client: BareClient) {
  return client.read().messages.find(({ status }) => status >= 200);
}

/** Answers with their bodies (of 1xx in a row the first), errors of the gateway with their codes, and whether another one was begun. */
function seenBy(client: BareClient): string[] {
  const { messages, unfinished } = client.read();
  const whole = messages.map((answer) => {
    const summary = summaryOf(answer);
    return / /.test(summary) ? summary : `${summary} ${answer.body.toString('latin1')}`.trim();
  });
  const once = whole.filter((each, at) => !/^1\d\d/.test(each) || each !== whole[at - 1]);
  return unfinished ? [...once, 'truncated'] : once;
}
