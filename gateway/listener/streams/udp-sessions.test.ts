import { describe, expect, test } from 'vitest';
import type { UdpSession } from '../../forward/udp.ts';
import { UdpSessions } from './udp-sessions.ts';

/** As much of a session as the table looks at. */
function table(patienceMs = 0) {
  const sessions = new UdpSessions(patienceMs);
  const add = (client: string) => {
    const session = { assured: false, end: () => sessions.delete(client) };
    sessions.add(client, session as unknown as UdpSession);
    return session;
  };
  const clients = () => ['a', 'b', 'c'].filter((client) => sessions.hear(client) !== undefined);
  return { sessions, add, clients };
}

describe('the sessions of a UDP port', () => {
  test('are found by their clients', () => {
    const { sessions, add } = table();
    const session = add('a');
    expect(sessions.hear('a')).toBe(session);
    session.assured = true;
    expect(sessions.hear('a')).toBe(session);
    expect(sessions.hear('a')).toBe(session);
    expect(sessions.hear('b')).toBeUndefined();
    expect(sessions.size).toBe(1);
    session.end();
    expect([sessions.hear('a'), sessions.size]).toEqual([undefined, 0]);
  });

  test('give up the one that was silent longest', () => {
    const { sessions, add, clients } = table();
    for (const client of ['a', 'b', 'c']) add(client);
    sessions.hear('a');
    expect(sessions.makeRoom()).toBe(true);
    expect(clients()).toEqual(['a', 'c']);
  });

  test('never give up one that is assured', () => {
    const { sessions, add, clients } = table();
    const [first] = [add('a'), add('b')];
    first.assured = true;
    expect(sessions.makeRoom()).toBe(true);
    expect(clients()).toEqual(['a']);
    expect(sessions.makeRoom()).toBe(false);
    expect(clients()).toEqual(['a']);
  });

  test('give up none that was heard of a moment ago', () => {
    const { sessions, add } = table(60_000);
    add('a');
    expect(sessions.makeRoom()).toBe(false);
    expect(sessions.size).toBe(1);
  });

  test('have nothing to give up where there are none', () => {
    expect(table().sessions.makeRoom()).toBe(false);
  });
});
