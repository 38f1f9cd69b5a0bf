import { expect, test } from 'vitest';
import { unknownHash } from './password.ts';
import { PasswordChecks, TooManyChecks } from './password-checks.ts';

const hash = unknownHash({ ln: 10, r: 8, p: 1 });

test('two passwords are checked at once, some wait, and more are refused at once', async () => {
  const started: ((matches: boolean) => void)[] = [];
  const checks = new PasswordChecks(() => new Promise((resolve) => void started.push(resolve)));
  const all = Array.from({ length: 34 }, () => checks.check('x', hash));
  expect(started).toHaveLength(2);
  await expect(checks.check('x', hash)).rejects.toBeInstanceOf(TooManyChecks);
  started[0]!(true);
  expect(await all[0]).toBe(true);
  expect(started).toHaveLength(3);
  const late = checks.check('x', hash);
  for (let at = 1; at < 35; at++) {
    started[at]!(false);
    await (all[at] ?? late);
  }
  expect(await late).toBe(false);
});
