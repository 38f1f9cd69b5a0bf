import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway } from '../proof/testing/gateway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { ok, startService } from '../proof/testing/service.ts';
import { ExtensionError, loadExtensions } from './extension.ts';

async function moduleFile(text: string): Promise<string> {
  return join(await temporaryFolder({ 'extension.ts': text }), 'extension.ts');
}

const route = (file: string, line = 2) => ({ id: '/db', extend: file, source: { line, column: 3 } });

describe('a module that extends a route', () => {
  test.each([
    ['nothing', 'export default {};'],
    ['data', 'export default { config: { team: "blue" } };'],
    ['a hook before', 'export default { preHandler(_request, _reply, done) { done(); } };'],
    ['a hook behind', 'export default { replyOptions: { rewriteHeaders: (headers) => headers } };'],
  ])('may have %s', async (_what, text) => {
    const loaded = await loadExtensions([route(await moduleFile(text))]);
    expect(loaded.has(0)).toBe(true);
  });

  test.each([
    ['it is not there', null, "can't be loaded"],
    ['it is no program', 'export default {', "can't be loaded"],
    ['it throws', 'throw new Error("no such table");', 'no such table'],
    ['it exports nothing by default', 'export const preHandler = () => {};', 'default export'],
    ['its default is a function', 'export default () => {};', 'default export'],
    ['its default is null', 'export default null;', 'default export'],
    [
      'it sets what is the gateway’s',
      'export default { upstream: "http://evil.test" };',
      'upstream is not among',
    ],
    [
      'it sets how to retry',
      'export default { replyOptions: { retriesCount: 9 } };',
      'replyOptions.retriesCount is not among',
    ],
    ['a hook is no function', 'export default { preHandler: true };', 'preHandler must be a function'],
    [
      'a hook behind is none',
      'export default { replyOptions: { onResponse: {} } };',
      'onResponse must be a function',
    ],
    ['its hooks are null', 'export default { replyOptions: null };', 'replyOptions must be an object'],
    ['its data are none', 'export default { config: 5 };', 'config must be an object'],
  ])('is refused where %s', async (_what, text, problem) => {
    const file = await moduleFile(text ?? '');
    if (text === null) await rm(file);
    const refusal = await loadExtensions([route(file)]).catch((error) => error);
    expect(refusal).toBeInstanceOf(ExtensionError);
    expect(refusal.message).toContain(problem);
    expect(refusal.message).toContain(file);
    expect(refusal.message).toContain('route /db (line 2 of the configuration)');
  });

  // It ended all reloads without a word.
  test('is refused where it waits for what never settles', async () => {
    const file = await moduleFile('await new Promise(() => {}); export default {};');
    await expect(loadExtensions([route(file)], 100)).rejects.toThrow(
      /\(line 2 of .* was not loaded within 0.1 s: a top-level `await`.*never settles. Let a hook wait/,
    );
  });

  // Each of them had waited for the one before.
  test('is loaded beside the others, and all that are refused are named at once', async () => {
    const meeting = `portway-test-${randomUUID()}`;
    const good = await moduleFile(`await globalThis[${JSON.stringify(meeting)}].wait(); export default {};`);
    const opener = await moduleFile(
      `globalThis[${JSON.stringify(meeting)}].open(); export default { config: 5 };`,
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(globalThis, { [meeting]: { wait: () => promise, open: resolve } });
    onTestFinished(() => void Reflect.deleteProperty(globalThis, meeting));
    const bad = await moduleFile('export default 7;');
    const refusal = await loadExtensions([route(good), route(bad, 4), route(opener, 3)]).catch(
      (error) => error,
    );
    expect(refusal).toBeInstanceOf(ExtensionError);
    expect(refusal.failures.map(({ line }: { line: number }) => line)).toEqual([3, 4]);
  });
});

test('a bad module changes nothing on reload, and the log says why', async () => {
  const service = (await startService()).answer(ok());
  const plain = `routes:\n  /db: ${service.port}\n`;
  const gateway = await startTestGateway(plain, {
    files: { 'bad.ts': 'export default { replyOptions: null };' },
  });
  await gateway.editAndReload(`routes:\n  /db: { to: ${service.port}, extend: ./bad.ts }\n`);
  expect((await gateway.get('/db/')).status).toBe(200);
  expect(gateway.gateway.configStatus().rejected).toContain('replyOptions must be an object');
  await gateway.log.find('refusal', ({ problems }) => String(problems).includes('bad.ts'));
  await gateway.editAndReload(plain);
  expect(gateway.gateway.configStatus().rejected).toBe(null);
});
