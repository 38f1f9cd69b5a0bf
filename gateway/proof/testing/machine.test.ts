import { expect, test } from 'vitest';
import { findPackage, findProgram, parseCpuList } from './machine.ts';

test.each([
  ['0', [0]],
  ['0-1', [0, 1]],
  ['2,5-7', [2, 5, 6, 7]],
])('the CPU list %s is %j', (list, cpus) => {
  expect(parseCpuList(list)).toEqual(cpus);
});

test('a program on the PATH is found with its version', () => {
  const found = findProgram('node', ['--version'], /^v(\S+)/);
  expect(found?.version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('a program that is nowhere is not found', () => {
  expect(findProgram('portway-bench-no-such-program', [], /x/)).toBeNull();
});

test('an installed package is found with its version, another one is not', () => {
  expect(findPackage('undici')?.version).toMatch(/^\d+\./);
  expect(findPackage('portway-bench-no-such-package')).toBeNull();
});
