import { expect, test } from 'vitest';
import { together } from './together.ts';

test('who ask while an answer is made share the next one, and one that fails holds nobody up', async () => {
  const made: PromiseWithResolvers<string>[] = [];
  const ask = together(() => {
    made.push(Promise.withResolvers());
    return made.at(-1)!.promise;
  });
  const first = ask();
  const meanwhile = [ask(), ask(), ask()];
  expect(made).toHaveLength(1);
  made[0]!.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await expect.poll(() => made.length).toBe(2);
  const last = ask();
  made[1]!.resolve('second');
  expect(await Promise.all(meanwhile)).toEqual(['second', 'second', 'second']);
  await expect.poll(() => made.length).toBe(3);
  made[2]!.resolve('third');
  expect(await last).toBe('third');
  void ask();
  expect(made).toHaveLength(4);
});
