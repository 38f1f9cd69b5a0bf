import { expect, test } from 'vitest';
import { CapturedBody } from '../../exchange/captured-body.ts';
import { ExchangeDetail } from '../../exchange/detail.ts';
import { newExchangeRecord } from '../../exchange/record.ts';
import { ExchangeRing } from './ring.ts';

function bodyOf(text: string): CapturedBody {
  const body = new CapturedBody();
  body.take(Buffer.from(text));
  return body;
}

/** Number `n` of many: each says in every part of it which one it is, and is as long as `n` has it. */
function recordOf(n: number) {
  const detail = new ExchangeDetail({ fields: ['X-Name', `ü${n}`], answerFields: ['X-Answer', `${n}`] });
  detail.requestBody = n % 3 === 0 ? null : bodyOf(`ask ${n}`);
  detail.answerBody = n % 5 === 0 ? null : bodyOf(`${n}`.repeat(1 + (n % 50)));
  if (detail.answerBody !== null) detail.answerBody.whole = true;
  return Object.assign(newExchangeRecord('id', 'GET', `/${n}`, 'HTTP/1.1', '::1'), { detail });
}

const tell = (ring: ExchangeRing) =>
  Array.from(ring.newest(), ({ record }) => Number(record.target.slice(1)));

test('each new one pushes the oldest out where there are too many', () => {
  const ring = new ExchangeRing({ entries: 3, bytes: 1 << 16 });
  for (let n = 1; n <= 5; n++) ring.keep(recordOf(n), n);
  expect([tell(ring), ring.size, ring.dropped, ring.newestSeq]).toEqual([[5, 4, 3], 3, 2, 5]);
  expect([ring.of(2), ring.of(6), ring.of(Number.NaN)]).toEqual([undefined, undefined, undefined]);
  expect([ring.countAfter(0), ring.countAfter(4), ring.countAfter(5)]).toEqual([3, 1, 0]);
});

test('however long each is, those that are there are whole, and all of them have room in its bytes', () => {
  const ring = new ExchangeRing({ entries: 1_000, bytes: 10_007 });
  for (let n = 1; n <= 300; n++) {
    ring.keep(recordOf(n), n);
    const told = tell(ring);
    expect(told).toEqual(Array.from(told, (_, at) => n - at));
    const oldest = ring.of(n + 1 - ring.size)!;
    const wanted = recordOf(told.at(-1)!);
    const { requestFields, requestBody, answerBody } = oldest.record.detail!;
    expect(requestFields).toEqual(wanted.detail.requestFields);
    expect(requestBody?.content.toString()).toBe(wanted.detail.requestBody?.content.toString());
    expect(answerBody?.content.toString()).toBe(wanted.detail.answerBody?.content.toString());
    expect([requestBody?.isTruncated ?? true, answerBody?.isTruncated ?? false]).toEqual([true, false]);
  }
  expect(ring.size).toBeGreaterThan(5);
  expect(ring.dropped).toBe(300 - ring.size);
});

test('what somebody has got stays as it is, whatever comes after it', () => {
  const ring = new ExchangeRing({ entries: 10, bytes: 4_000 });
  ring.keep(recordOf(7), 7);
  const got = ring.of(1)!;
  for (let n = 8; n < 50; n++) ring.keep(recordOf(n), n);
  expect(got.record.detail!.answerBody!.content.toString()).toBe('7'.repeat(8));
});

test('what is longer than all of it is not kept, and pushes nothing out', () => {
  const ring = new ExchangeRing({ entries: 10, bytes: 2_000 });
  ring.keep(recordOf(1), 1);
  ring.keep(Object.assign(recordOf(2), { target: `/${'2'.repeat(2_000)}` }), 2);
  expect([tell(ring), ring.dropped]).toEqual([[1], 1]);
});

test('its bound may be far more memory than there is: only what is kept takes any', () => {
  const ring = new ExchangeRing({ entries: 10, bytes: 2 ** 50 });
  for (let n = 1; n <= 3; n++) ring.keep(recordOf(n), n);
  expect(tell(ring)).toEqual([3, 2, 1]);
});
