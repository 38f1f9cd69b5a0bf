import { describe, expect, it } from 'vitest';
import { problemsOf } from '../proof/testing/configuration.ts';

describe('a target is the gateway itself only where a connection would end at it', () => {
  it.each([
    ['127.0.0.1', '3000', true],
    ['127.0.0.1', '"[::1]:3000"', false],
    ['127.0.0.1', '127.0.0.2:3000', false],
    ['127.0.0.1', '0.0.0.0:3000', true],
    ['127.0.0.1', 'x.localhost:3000', true],
    ['127.0.0.1', 'db:3000', false],
    ['0.0.0.0', '127.0.0.2:3000', true],
    ['0.0.0.0', '"[::1]:3000"', false],
    ['"::"', '"[::1]:3000"', true],
    ['"::"', '127.0.0.1:3000', true],
    ['10.0.0.1', '3000', false],
    ['10.0.0.1', '10.0.0.1:3000', true],
    ['localhost', '"[::1]:3000"', true],
    ['127.0.0.1', '3900', true],
  ])('host: %s, target: %s: %s', async (host, target, isSelf) => {
    const formatted = await problemsOf(`host: ${host}\nroutes: { /a: ${target} }`);
    expect(formatted.includes('itself listens')).toBe(isSelf);
    expect(formatted === '').toBe(!isSelf);
  });

  it('switching the admin listener off frees its port', async () => {
    expect(await problemsOf('admin: false\nroutes: { /a: 3900 }')).toBe('');
  });
});
