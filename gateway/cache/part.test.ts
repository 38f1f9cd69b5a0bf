import { describe, expect, it } from 'vitest';
import type { KeptAnswer } from './entry.ts';
import { partOf } from './part.ts';

const [MODIFIED, LATER] = ['Mon, 01 Jan 2024 00:00:00 GMT', 'Mon, 01 Jan 2024 00:00:01 GMT'];

function whole(headers: KeptAnswer['headers'] = {}, statusCode = 200): KeptAnswer {
  return { statusCode, statusMessage: 'OK', headers, cachedAt: 0, body: Buffer.from('0123456789') };
}

describe('of a kept whole', () => {
  it.each([
    ['bytes=0-1', '01', 'bytes 0-1/10'],
    ['Bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=-1', '9', 'bytes 9-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=9-999', '9', 'bytes 9-9/10'],
  ])('%s is %j', (range, text, contentRange) => {
    const headers = {
      'content-length': '10',
      'content-md5': 'of all',
      'content-digest': 'of all',
      etag: '"1"',
    };
    const part = partOf(whole(headers), { range });
    expect([part?.statusCode, part?.body.toString()]).toEqual([206, text]);
    expect(part?.headers).toEqual({
      etag: '"1"',
      'content-range': contentRange,
      'content-length': String(text.length),
    });
  });

  it.each([
    'bytes=10-',
    'bytes=5-4',
    'bytes=-0',
    'bytes=-',
    'bytes=0-1,3-4',
    'bytes=0-1x',
    'bytes= 0-1',
    'lines=0-1',
    'bytes=0-99999999999999999999',
  ])('%s is the service to cut', (range) => {
    expect(partOf(whole(), { range })).toBeUndefined();
    expect(partOf(whole(), { range: [range, 'bytes=0-1'] })).toBeUndefined();
  });

  it('no part is cut without a Range, or from what is no 200', () => {
    expect(partOf(whole(), {})).toBeUndefined();
    expect(partOf(whole({}, 404), { range: 'bytes=0-1' })).toBeUndefined();
  });

  it.each([
    ['"1"', { etag: '"1"' }, 206],
    ['"1"', { etag: '"2"' }, 200],
    ['"1"', {}, 200],
    ['W/"1"', { etag: 'W/"1"' }, 200],
    ['"1"', { etag: 'W/"1"' }, 200],
    [MODIFIED, { 'last-modified': MODIFIED, date: LATER }, 206],
    [MODIFIED, { 'last-modified': MODIFIED, date: MODIFIED }, 200],
    [MODIFIED, { 'last-modified': MODIFIED }, 200],
    [LATER, { 'last-modified': MODIFIED, date: LATER }, 200],
  ])('If-Range: %s on %j: %i', (condition, headers, status) => {
    const { statusCode, body } = partOf(whole(headers), { range: 'bytes=0-1', 'if-range': condition })!;
    expect([statusCode, body.length]).toEqual([status, status === 206 ? 2 : 10]);
  });
});
