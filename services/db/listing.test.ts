import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUnderTest, startDatabase } from './testing.ts';

const people = [
  { id: 'ada', name: 'Ada Lovelace', age: 36, city: { name: 'London' }, tags: ['math'], active: true },
  { id: 'alan', name: 'Alan Turing', age: 41, city: { name: 'London' }, active: false },
  { id: 'grace', name: 'Grace Hopper', age: 85, city: { name: 'New York' }, zip: '30', active: true },
  { id: 'joan', name: 'Joan Clarke', age: '79', city: null },
  { id: 'rene', name: 'René Descartes', age: 53.5, zip: 30 },
];

let db: DatabaseUnderTest;
beforeAll(async () => {
  db = await startDatabase();
  for (const person of people) await db.call('POST', '/people', person);
});
afterAll(() => db[Symbol.asyncDispose]());

async function idsOf(query: string): Promise<string[]> {
  const answer = await db.call('GET', `/people?${query}`);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.items.map((item: { id: string }) => item.id);
}

describe('filters', () => {
  it.each([
    ['age:gte:41', ['alan', 'grace', 'rene']],
    ['age:lt:41', ['ada']],
    ['age:eq:53.5', ['rene']],
    ['age:eq:"79"', ['joan']],
    ['city.name:eq:London', ['ada', 'alan']],
    ['city.name:ne:London', ['grace', 'joan', 'rene']],
    ['city:eq:null', ['joan']],
    ['zip:eq:30', ['rene']],
    ['zip:eq:"30"', ['grace']],
    ['zip:exists:true', ['grace', 'rene']],
    ['tags:exists:false', ['alan', 'grace', 'joan', 'rene']],
    ['active:eq:true', ['ada', 'grace']],
    ['name:prefix:Gr', ['grace']],
    ['name:prefix:René', ['rene']],
    ['name:in:["Ada Lovelace","Alan Turing",1]', ['ada', 'alan']],
    ['name:gt:J', ['joan', 'rene']],
    ["name:eq:x' OR 1=1 --", []],
    ['nothing:eq:1', []],
  ])('where=%s', async (where, ids) => {
    expect(await idsOf(`where=${encodeURIComponent(where)}`)).toEqual(ids);
  });

  it('must all hold', async () => {
    expect(await idsOf('where=city.name:eq:London&where=active:eq:true')).toEqual(['ada']);
  });
});

describe('full-text search', () => {
  it.each([
    ['lovelace', ['ada']],
    ['rene', ['rene']],
    ['london tur', ['alan']],
    ['york hopper', ['grace']],
    ['" OR NEAR(', []],
    ['name', []],
    ['', []],
  ])('q=%s', async (words, ids) => {
    expect(await idsOf(`q=${encodeURIComponent(words)}`)).toEqual(ids);
  });

  it('follows what is changed and deleted', async () => {
    await db.call('PUT', '/found/a', { text: 'before' });
    await db.call('PUT', '/found/a', { text: 'after' });
    expect((await db.call('GET', '/found?q=before')).body.items).toEqual([]);
    expect((await db.call('GET', '/found?q=after')).body.items).toHaveLength(1);
    await db.call('DELETE', '/found/a');
    await db.call('PUT', '/found/b', { text: 'other' });
    expect((await db.call('GET', '/found?q=after')).body.items).toEqual([]);
  });
});

describe('order and pages', () => {
  const orders: [string, string[]][] = [
    ['id', ['ada', 'alan', 'grace', 'joan', 'rene']],
    ['-id', ['rene', 'joan', 'grace', 'alan', 'ada']],
    ['age', ['ada', 'alan', 'rene', 'grace', 'joan']],
    ['-age', ['joan', 'grace', 'rene', 'alan', 'ada']],
    ['city.name', ['joan', 'rene', 'ada', 'alan', 'grace']],
    ['-city.name', ['grace', 'alan', 'ada', 'rene', 'joan']],
    ['active', ['joan', 'rene', 'alan', 'ada', 'grace']],
  ];

  it.each(orders)('sort=%s', async (sort, ids) => {
    expect(await idsOf(`sort=${sort}`)).toEqual(ids);
  });

  it.each(orders)('sort=%s, two by two through the cursor, and by Link', async (sort, ids) => {
    const seen: string[] = [];
    let query = `?sort=${sort}&limit=2`;
    for (let pages = 0; query && pages < 5; pages += 1) {
      const { body, headers } = await db.call('GET', `/people${query}`);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      query = /^<(\?.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? '';
      expect(query === '').toBe(body.next === null);
    }
    expect(seen).toEqual(ids);
  });

  it('goes on by integers that a double can not hold', async () => {
    for (const id of ['a', 'b', 'c'])
      await db.call('PUT', `/big/${id}`, `{"n":900719925474099${'abc'.indexOf(id) + 3}}`);
    const first = await db.call('GET', '/big?sort=n&limit=2');
    const second = await db.call('GET', `/big?sort=n&limit=2&cursor=${first.body.next}`);
    expect([...first.body.items, ...second.body.items].map((item) => item.id)).toEqual(['a', 'b', 'c']);
  });

  it('neither skips nor repeats when documents before the cursor are deleted', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await db.call('PUT', `/moving/${id}`, {});
    const first = await db.call('GET', '/moving?limit=2');
    await db.call('DELETE', '/moving/a');
    const second = await db.call('GET', `/moving?limit=2&cursor=${first.body.next}`);
    expect(second.body.items).toEqual([{ id: 'c' }, { id: 'd' }]);
  });

  it('ends a page of large documents before its limit', async () => {
    for (let n = 0; n < 8; n += 1) await db.call('PUT', `/large/${n}`, { text: 'x'.repeat(900_000) });
    const { body } = await db.call('GET', '/large');
    expect(body.items.length).toBeLessThan(8);
    const rest = await db.call('GET', `/large?cursor=${body.next}`);
    expect(body.items.length + rest.body.items.length).toBe(8);
  });
});

describe('queries that are refused with the reason', () => {
  const cursor = Buffer.from('["id",null,"ada"]').toString('base64url');
  it.each([
    ['nmae=Ada', 'unknown_parameter', 'where=nmae:eq:value'],
    ['where=age', 'bad_where', 'field:operator:value'],
    ['where=age:like:3', 'bad_where', 'prefix'],
    ['where=age:exists:yes', 'bad_where', 'true or false'],
    ['where=age:in:3', 'bad_where', 'JSON array'],
    ['where=a..b:eq:1', 'bad_field', 'names with dots'],
    ['where=%22%5D:eq:1', 'bad_field', 'names with dots'],
    ['where=age:gt:true', 'bad_where', 'no order'],
    ['sort=a%22b', 'bad_field', 'names with dots'],
    ['limit=0', 'bad_limit', '1 to 1000'],
    ['limit=1001', 'bad_limit', '1 to 1000'],
    ['limit=ten', 'bad_limit', '"ten"'],
    ['cursor=nonsense', 'bad_cursor', 'next'],
    [`sort=age&cursor=${cursor}`, 'bad_cursor', 'same sort'],
  ])('%s', async (query, code, detail) => {
    const answer = await db.call('GET', `/people?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.body.detail).toContain(detail);
  });
});
