import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUnderTest, startDatabase } from './testing.ts';

let db: DatabaseUnderTest;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

describe('a document', () => {
  it('is created, read, replaced, changed and deleted', async () => {
    const created = await db.call('POST', '/life', { name: 'Ada', tags: ['a'] });
    expect(created.status).toBe(201);
    const { id } = created.body;
    expect(created.body).toEqual({ id, name: 'Ada', tags: ['a'] });
    expect(created.headers.get('location')).toBe(`/life/${id}`);
    expect((await db.call('GET', `/life/${id}`)).body).toEqual(created.body);

    const replaced = await db.call('PUT', `/life/${id}`, { name: 'Grace', rank: { now: 1, old: 2 } });
    expect(replaced.status).toBe(200);
    const patched = await db.call('PATCH', `/life/${id}`, { rank: { old: null, next: 3 }, name: 'Joan' });
    expect(patched.body).toEqual({ id, name: 'Joan', rank: { now: 1, next: 3 } });

    expect((await db.call('DELETE', `/life/${id}`)).status).toBe(204);
    expect(await db.call('GET', `/life/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'document_not_found' },
    });
  });

  it('takes the id that its maker chose, once', async () => {
    expect((await db.call('POST', '/chosen', { id: 'ada@example.com' })).status).toBe(201);
    const again = await db.call('POST', '/chosen', { id: 'ada@example.com', x: 1 });
    expect(again).toMatchObject({ status: 409, body: { code: 'id_taken' } });
    expect((await db.call('GET', '/chosen/ada@example.com')).body).toEqual({ id: 'ada@example.com' });
  });

  it('is created by PUT with 201 and a Location', async () => {
    const made = await db.call('PUT', '/put/one', { a: 1 }, { 'x-forwarded-prefix': '/db' });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/db/put/one');
  });

  it('comes back with every digit and every key that was sent', async () => {
    const text =
      '{"id":"exact","big":12345678901234567890,"small":1e-400,"pi":3.14159265358979323846,"__proto__":{"x":1}}';
    await db.call('PUT', '/exact/exact', text);
    await db.call('PATCH', '/exact/exact', '{"__proto__":{"y":2},"added":true}');
    const answer = await fetch(`${db.service.url}/exact/exact`);
    expect(await answer.text()).toBe(text.replace('"x":1}', '"x":1,"y":2},"added":true'));
  });
});

describe('preconditions', () => {
  it('refuses a change on top of a version that is not the newest', async () => {
    const first = await db.call('PUT', '/etag/a', { n: 1 });
    const tag = first.headers.get('etag')!;
    expect(tag).toMatch(/^"\d+"$/);
    const second = await db.call('PUT', '/etag/a', { n: 2 }, { 'if-match': tag });
    expect(second.status).toBe(200);
    const stale = await db.call('PUT', '/etag/a', { n: 3 }, { 'if-match': tag });
    expect(stale).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
    expect(stale.headers.get('etag')).toBe(second.headers.get('etag'));
    expect((await db.call('GET', '/etag/a')).body.n).toBe(2);
  });

  it.each([
    ['PUT', { 'if-none-match': '*' }, 412],
    ['PUT', { 'if-match': '*' }, 200],
    ['PATCH', { 'if-match': '"999999"' }, 412],
    ['PATCH', { 'if-match': '"1", "999999"' }, 412],
    ['DELETE', { 'if-match': 'W/"1"' }, 412],
  ])('%s of an existing document with %o: %i', async (method, headers, status) => {
    await db.call('PUT', '/pre/x', {});
    const body = method === 'DELETE' ? undefined : {};
    expect((await db.call(method, '/pre/x', body, headers as unknown as Record<string, string>)).status).toBe(
      status,
    );
  });

  it.each([
    ['PUT', { 'if-none-match': '*' }, 201],
    ['PUT', { 'if-match': '*' }, 412],
  ])('%s of a document that is not there with %o: %i', async (method, headers, status) => {
    const path = `/pre/new-${method}-${status}`;
    expect((await db.call(method, path, {}, headers as unknown as Record<string, string>)).status).toBe(
      status,
    );
  });

  it('answers 304 to who has the newest version', async () => {
    const tag = (await db.call('PUT', '/cached/a', {})).headers.get('etag')!;
    const answer = await db.call('GET', '/cached/a', undefined, { 'if-none-match': `"0", W/${tag}` });
    expect(answer).toMatchObject({ status: 304, body: null });
    expect(answer.headers.get('etag')).toBe(tag);
  });

  it('never gives the same ETag to a document that was deleted and made anew', async () => {
    const before = (await db.call('PUT', '/anew/a', {})).headers.get('etag');
    await db.call('DELETE', '/anew/a');
    expect((await db.call('PUT', '/anew/a', {})).headers.get('etag')).not.toBe(before);
  });

  it('lets one of many writers through who all read the same version', async () => {
    const tag = (await db.call('PUT', '/race/a', { n: 0 })).headers.get('etag')!;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => db.call('PUT', '/race/a', { n }, { 'if-match': tag })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(19).fill(412)]);
  });
});

describe('what is refused', () => {
  const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  it.each([
    ['broken JSON', 'POST', '/x', '{"a":', 400, 'bad_json'],
    ['nothing at all', 'POST', '/x', '', 400, 'bad_json'],
    ['an array', 'POST', '/x', '[1]', 400, 'not_an_object'],
    ['null', 'PUT', '/x/1', 'null', 400, 'not_an_object'],
    ['a number for an id', 'POST', '/x', '{"id":7}', 400, 'bad_id'],
    ['another id than the address', 'PUT', '/x/1', '{"id":"2"}', 400, 'id_differs'],
    ['a patch that changes the id', 'PATCH', '/x/kept', '{"id":"2"}', 400, 'id_differs'],
    ['nesting without an end', 'POST', '/x', deep, 400, 'json_too_deep'],
    ['a megabyte and more', 'POST', '/x', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 413, 'body_too_large'],
    ['a collection of its own', 'POST', '/_page', '{}', 400, 'bad_collection_name'],
    ['an id with a slash in it', 'PUT', '/x/a%2Fb', '{}', 400, 'bad_id'],
    ['a change of what is not there', 'PATCH', '/x/nobody', '{}', 404, 'document_not_found'],
  ])('%s', async (_name, method, path, body, status, code) => {
    await db.call('PUT', '/x/kept', {});
    expect(await db.call(method, path, body)).toMatchObject({ status, body: { code } });
    expect((await db.call('GET', '/x')).body.items).toEqual([{ id: 'kept' }]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json-patch+json'])(
    'a body of type %s, which a foreign page could send unasked',
    async (type) => {
      const answer = await db.call('POST', '/x', '{}', { 'content-type': type });
      expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    },
  );

  it('bytes that are no UTF-8', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${db.service.url}/x`, {
      method: 'POST',
      headers,
      body: Buffer.from('{"a":"\xff"}', 'latin1'),
    });
    expect(await answer.json()).toMatchObject({ status: 400, code: 'not_utf8' });
  });
});

describe('deletions after many creations', () => {
  it('go on, though the full-text index leaves rowids behind that no double can hold', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => `d${n}`);
    for (const id of ids) await db.call('PUT', `/churn/${id}`, { text: id });
    for (const id of ids) expect((await db.call('DELETE', `/churn/${id}`)).status).toBe(204);
    for (const id of ids) expect((await db.call('PUT', `/churn/${id}`, {})).status).toBe(201);
  });
});

describe('the root', () => {
  it('is a page for a browser, with relative addresses under a strict policy', async () => {
    const answer = await fetch(db.service.url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await answer.text();
    expect(text).not.toMatch(/(?:href|src)="\//);
    for (const [, file] of text.matchAll(/(?:href|src)="(_page\/[^"]+)"/g)) {
      expect((await fetch(`${db.service.url}/${file}`)).status).toBe(200);
    }
  });

  it('counts the collections that use has made', async () => {
    await db.call('PUT', '/counted/1', {});
    await db.call('PUT', '/counted/2', {});
    const { body } = await db.call('GET', '/', undefined, { 'x-forwarded-prefix': '/db' });
    expect(body.collections).toContainEqual({ name: 'counted', documents: 2, href: '/db/counted' });
  });
});
