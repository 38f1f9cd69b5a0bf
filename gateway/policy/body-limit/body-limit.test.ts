import { describe, expect, test } from 'vitest';
import type { BodySink, RequestBody } from '../../exchange/contract.ts';
import { routedExchange } from '../../proof/testing/routed-exchange.ts';
import { limitBody, refuseLargeBody } from './body-limit.ts';

/** A body that flows as the test says, and the events that its reader saw. */
function flowing(length: number | null): { body: RequestBody; source: () => BodySink } {
  let reader: BodySink | undefined;
  const body: RequestBody = {
    length,
    read: (sink) => {
      reader = sink;
    },
    pause() {},
    resume() {},
  };
  return { body, source: () => reader! };
}

function reading(body: RequestBody | null): string[] {
  const events: string[] = [];
  body?.read({
    data: (chunk) => events.push(String(chunk)),
    end: () => events.push('end'),
    fail: (cause) => events.push(`fail ${'code' in cause ? cause.code : cause.message}`),
  });
  return events;
}

describe('a body that says how long it is', () => {
  test.each([
    [10, 10, false],
    [11, 10, true],
    [0, 10, false],
    [1, 0, true],
  ])('of %i bytes where %i are allowed is refused: %s', (length, bodyMaxBytes, refused) => {
    const exchange = routedExchange({ body: flowing(length).body, bodyMaxBytes });
    const act = () => refuseLargeBody(exchange);
    if (refused) expect(act).toThrow(expect.objectContaining({ code: 'body_too_large' }));
    else expect(act()).toBe(null);
  });

  test('is refused nowhere without a limit', () => {
    expect(refuseLargeBody(routedExchange({ body: flowing(Number.MAX_SAFE_INTEGER).body }))).toBe(null);
    expect(refuseLargeBody(routedExchange({ body: null, bodyMaxBytes: 1 }))).toBe(null);
  });
});

describe('a body in chunks', () => {
  test('goes through up to the limit', () => {
    const { body, source } = flowing(null);
    const events = reading(limitBody(body, 10));
    source().data(Buffer.from('12345'));
    source().data(Buffer.from('67890'));
    source().end([]);
    expect(events).toEqual(['12345', '67890', 'end']);
  });

  test('fails once, with the chunk that is too much, and nothing follows', () => {
    const { body, source } = flowing(null);
    const events = reading(limitBody(body, 10));
    source().data(Buffer.from('12345678'));
    source().data(Buffer.from('901'));
    source().data(Buffer.from('2'));
    source().end([]);
    expect(events).toEqual(['12345678', 'fail body_too_large']);
  });

  test('tells of a client that left', () => {
    const { body, source } = flowing(null);
    const events = reading(limitBody(body, 10));
    source().fail(new Error('gone'));
    expect(events).toEqual(['fail gone']);
  });

  test.each([
    ['without a limit', null, null],
    ['with a length', 5, 10],
  ])('is not looked at %s', (_what, length, limit) => {
    const { body } = flowing(length);
    expect(limitBody(body, limit)).toBe(body);
  });
});
