import { describe, expect, test } from 'vitest';
import { isHopByHop, isHopByHopAnswer, nominate, withoutNominated } from './connection.ts';

describe('fields of one connection', () => {
  test.each([
    ['connection', true, true],
    ['keep-alive', true, true],
    ['proxy-connection', true, true],
    ['transfer-encoding', true, true],
    ['upgrade', true, true],
    ['trailer', true, true],
    ['te', true, false],
    ['proxy-authorization', true, false],
    ['proxy-authenticate', false, false],
    ['authorization', false, false],
    ['content-length', false, false],
    ['set-cookie', false, false],
  ])('%s: in a request %s, in an answer %s', (name, inRequest, inAnswer) => {
    expect([isHopByHop(name), isHopByHopAnswer(name)]).toEqual([inRequest, inAnswer]);
  });
});

describe('what a Connection field nominates', () => {
  test.each<[string, string[]]>([
    ['close', []],
    ['keep-alive', []],
    ['Keep-Alive, CLOSE', []],
    ['', []],
    [' , ,', []],
    ['X-A', ['x-a']],
    ['close, x-a ,\tX-B', ['x-a', 'x-b']],
    ['Upgrade', ['upgrade']],
    ['x-a, x-a', ['x-a']],
  ])('%j', (value, names) => {
    expect([...(nominate(value, null) ?? [])]).toEqual(names);
  });

  test.each(['Host', 'content-length', 'Content-Type', 'Authorization', 'Cookie', 'Set-Cookie'])(
    '%s can not be nominated away',
    (name) => {
      expect(nominate(`close, ${name}`, null)).toBe(null);
    },
  );

  test('adds up over several fields', () => {
    expect([...(nominate('x-b', nominate('x-a', null)) ?? [])]).toEqual(['x-a', 'x-b']);
    expect([...(nominate('close', nominate('x-a', null)) ?? [])]).toEqual(['x-a']);
  });

  test('is taken out, whatever its case and however often it is there', () => {
    const fields = ['X-A', '1', 'X-B', '2', 'x-a', '3'];
    expect(withoutNominated(fields, new Set(['x-a']))).toEqual(['X-B', '2']);
  });
});
