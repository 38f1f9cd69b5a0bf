import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUnderTest, startDatabase } from './testing.ts';

let db: DatabaseUnderTest;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const batch = (...operations: unknown[]) => db.call('POST', '/_batch', { operations });

describe('a batch', () => {
  it('does all its operations, in order', async () => {
    await db.call('PUT', '/b/gone', {});
    const { status, body } = await batch(
      { op: 'create', collection: 'b', document: { id: 'a', n: 1 } },
      { op: 'put', collection: 'b', id: 'c', document: { n: 2 }, ifNoneMatch: '*' },
      { op: 'patch', collection: 'b', id: 'a', patch: { n: 3 } },
      { op: 'delete', collection: 'b', id: 'gone' },
    );
    expect(status).toBe(200);
    expect(body.results.map((result: { status: number }) => result.status)).toEqual([201, 201, 200, 204]);
    expect((await db.call('GET', '/b')).body.items).toEqual([
      { id: 'a', n: 3 },
      { id: 'c', n: 2 },
    ]);
    expect((await db.call('GET', '/b/a')).headers.get('etag')).toBe(body.results[2].etag);
  });

  it.each([
    [{ op: 'create', collection: 'none', document: { id: 'first' } }, 409, 'id_taken'],
    [{ op: 'put', collection: 'none', id: 'x', document: {}, ifMatch: '"1"' }, 412, 'precondition_failed'],
    [{ op: 'patch', collection: 'none', id: 'nobody', patch: {} }, 404, 'document_not_found'],
    [{ op: 'delete', collection: 'none', id: 'nobody' }, 404, 'document_not_found'],
    [{ op: 'shout' }, 400, 'bad_operation'],
    [{ op: 'constructor' }, 400, 'bad_operation'],
    [{ op: 'put', collection: 'none', id: 'x', documnet: {} }, 400, 'bad_operation'],
    [{ op: 'put', collection: 'none', id: 'x', document: [] }, 400, 'bad_operation'],
    [{ op: 'delete', collection: 'none', id: 'x', ifMatch: 1 }, 400, 'bad_operation'],
    [{ op: 'put', collection: '_x', id: 'x', document: {} }, 400, 'bad_collection_name'],
    [7, 400, 'bad_operation'],
  ])('does nothing where %o can not be done, and says which it was', async (operation, status, code) => {
    const answer = await batch({ op: 'put', collection: 'none', id: 'first', document: {} }, operation);
    expect(answer).toMatchObject({ status, body: { code, operation: 1 } });
    expect((await db.call('GET', '/none')).body.items).toEqual([]);
  });

  it.each([[{}], [{ operations: [] }], [{ operations: Array(1001).fill({}) }]])(
    'is refused as %o',
    async (body) => {
      expect(await db.call('POST', '/_batch', body)).toMatchObject({
        status: 400,
        body: { code: 'bad_batch' },
      });
    },
  );

  it('is seen by nobody half done, by the feed neither', async () => {
    await db.call('PUT', '/sum/a', { n: 100 });
    await db.call('PUT', '/sum/b', { n: 0 });
    const totals = new Set<number>();
    const moving = (async () => {
      for (let n = 1; n <= 30; n += 1) {
        await batch(
          { op: 'put', collection: 'sum', id: 'a', document: { n: 100 - n } },
          { op: 'put', collection: 'sum', id: 'b', document: { n } },
        );
      }
    })();
    for (let n = 0; n < 30; n += 1) {
      const { items } = (await db.call('GET', '/sum')).body;
      totals.add(items[0].n + items[1].n);
    }
    await moving;
    expect([...totals]).toEqual([100]);
  });
});
