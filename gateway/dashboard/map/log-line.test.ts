import { expect, test } from 'vitest';
import { readable } from './log-line.ts';

const at = new Date(2026, 10, 30, 14, 1, 8);

test.each([
  [
    JSON.stringify({ level: 30, time: at.getTime(), pid: 7, msg: 'up', port: 3001 }),
    '14:01:08 INFO up {"port":3001}',
  ],
  [JSON.stringify({ level: 'warn', time: at.toISOString(), name: 'db', msg: 'slow' }), '14:01:08 WARN slow'],
  ['{"level":50,"msg":"no time"}', 'ERROR no time'],
  ['\u001b[32mready\u001b[0m {', 'ready {'],
  ['{"msg":"no level"}', '{"msg":"no level"}'],
  ['{"msg":', '{"msg":'],
])('%j is shown as %j', (line, shown) => {
  expect(readable(line)).toBe(shown);
});
