import { expect, test } from 'vitest';
import { heldByTurns, TURNS } from '../proof/testing/young-garbage.ts';
import { TransientMap, TransientSet } from './transient.ts';

const MEMBER_BYTES = 800;
const LIVE = 20;

/** A turn in which one member comes and the oldest leaves. */
function turnOf(add: (member: number[]) => void, remove: (member: number[]) => void): () => void {
  const live: number[][] = [];
  return () => {
    const member = new Array<number>(MEMBER_BYTES / 8).fill(1);
    add(member);
    live.push(member);
    if (live.length > LIVE) remove(live.shift()!);
  };
}

const set = new TransientSet<number[]>();
const map = new TransientMap<number[], number[]>();

test.each([
  ['set', turnOf((member) => set.add(member), set.delete.bind(set)), set],
  ['map', turnOf((member) => map.set(member, member), map.delete.bind(map)), map],
])('members that have left a %s are collected with the young', (_, turn, members) => {
  expect(heldByTurns(turn)).toBeLessThan((TURNS * MEMBER_BYTES) / 4);
  expect(members.size).toBe(LIVE);
});

test('a set keeps its members and their order over many that come and go', () => {
  const numbers = new TransientSet<number>();
  for (const stays of [1, 2, 3]) numbers.add(stays);
  for (let i = 10; i < 1_000; i++) {
    numbers.add(i);
    expect(numbers.delete(i)).toBe(true);
  }
  expect([...numbers]).toEqual([1, 2, 3]);
  expect(numbers.delete(10)).toBe(false);
});

test('members that leave while a set is walked through do not come any more', () => {
  const numbers = new TransientSet<number>();
  for (let i = 0; i < 300; i++) numbers.add(i);
  const seen: number[] = [];
  for (const each of numbers) {
    seen.push(each);
    for (let i = 0; i < 299; i++) numbers.delete(i);
  }
  expect(seen).toEqual([0, 299]);
});
