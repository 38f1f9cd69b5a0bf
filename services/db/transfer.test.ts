import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUnderTest, startDatabase } from './testing.ts';

let db: DatabaseUnderTest;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const headers = { 'content-type': 'application/x-ndjson' };
const importText = (collection: string, text: string) =>
  db.call('POST', `/${collection}/_import`, text, headers);
const exportText = async (path: string) => (await fetch(`${db.service.url}${path}`)).text();

describe('import', () => {
  it('takes lines with and without ids, blank ones, and a last one without its newline', async () => {
    await db.call('PUT', '/in/old', { n: 0 });
    const answer = await importText('in', '{"id":"a","n":1}\r\n\n{"n":2}\n{"id":"old","n":3}');
    expect(answer).toMatchObject({ status: 200, body: { imported: 3 } });
    const { items } = (await db.call('GET', '/in?sort=n')).body;
    expect(items.map((item: { n: number }) => item.n)).toEqual([1, 2, 3]);
  });

  it.each([
    ['broken JSON', '{"id":', 'bad_json'],
    ['an array', '[1]', 'not_an_object'],
    ['a bad id', '{"id":"a/b"}', 'bad_id'],
    ['a line of more than a megabyte', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 'line_too_long'],
    [
      'a document that its id makes too large',
      `{"a":"${'x'.repeat(1024 * 1024 - 8)}"}`,
      'document_too_large',
    ],
  ])('stops at %s, names the line, and keeps what came before', async (name, line, code) => {
    const collection = `stop-${code.replaceAll('_', '-')}`;
    const answer = await importText(collection, `{"id":"1"}\n\n{"id":"2"}\n${line}\n{"id":"never"}\n`);
    expect(answer, name).toMatchObject({ body: { code, line: 4, imported: 2 } });
    expect(answer.body.detail).toContain('Line 4: ');
    expect((await db.call('GET', `/${collection}`)).body.items).toEqual([{ id: '1' }, { id: '2' }]);
  });

  it('wants to be told that it is NDJSON', async () => {
    expect((await db.call('POST', '/in/_import', '{}')).status).toBe(415);
  });
});

describe('export', () => {
  it('gives back what was imported, and filtered where asked', async () => {
    const lines = Array.from({ length: 2500 }, (_, n) => `{"id":"d${String(n).padStart(5, '0')}","n":${n}}`);
    expect((await importText('out', lines.join('\n'))).body).toEqual({ imported: 2500 });
    expect(await exportText('/out/_export')).toBe(`${lines.join('\n')}\n`);
    const newest = await exportText('/out/_export?where=n:gte:2498');
    expect(newest).toBe(`${lines[2498]}\n${lines[2499]}\n`);
    expect(await exportText('/nothing/_export')).toBe('');
  });

  it.each(['limit=3', 'cursor=x', 'sort=n', 'form=1'])(
    'refuses ?%s, which has no meaning there',
    async (query) => {
      expect((await db.call('GET', `/out/_export?${query}`)).status).toBe(400);
    },
  );
});
