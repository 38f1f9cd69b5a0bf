import { expect, test } from 'vitest';
import type { SharedTexts } from '../../shared-texts.ts';
import type { OidcSettings } from '../settings.ts';
import { type Cookies, setChunks } from './cookies.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { SessionAway, StoredSessions } from './stored-sessions.ts';

const SETTINGS = {
  ...{ issuer: 'https://id.test', clientId: 'a', clientSecret: 'a-secret-of-thirty-two-characters' },
  ...{ scopes: ['openid'], user: 'sub', sessionKey: null, lifetimeMs: 3_600_000, idleMs: 3_600_000 },
} as unknown as OidcSettings;

function session(user: string): Session {
  return {
    ...{ loggedInAt: Date.now(), usedAt: Date.now(), refreshAt: null, refreshToken: 'r', idToken: null },
    ...{ subject: user, user, email: null, groups: [], sought: ['sub'], storedAs: null },
  };
}

const MANY = Array.from({ length: 200 }, (_, i) => `group-${i}-of-very-many`);

/** As a browser sends what these lines set. */
function cookiesOf(lines: readonly string[]): Cookies {
  const set = lines.filter((_, at) => at % 2 === 1).map((line) => /^([^=]+)=([^;]+)/.exec(line)!);
  return new Map(set.map(([, name, value]) => [name!, value!]));
}

/** What replicas share, without a Redis. */
class Texts implements SharedTexts {
  readonly kept = new Map<string, string>();
  state: 'there' | 'away' | 'hanging' = 'there';

  async ask(question: Parameters<SharedTexts['ask']>[0]): Promise<string | null> {
    if (this.state === 'away') throw new Error('away');
    if (this.state === 'hanging') return new Promise(() => {});
    const { name } = question;
    const there = this.kept.get(name) ?? null;
    if (question.do === 'read') return there;
    if (question.do === 'drop') this.kept.delete(name);
    if (question.do === 'claim') return there === null ? name : null;
    if (question.do !== 'keep') return null;
    const { was } = question;
    if (was !== '' && (there === null || (was !== null && was !== there))) return null;
    this.kept.set(name, question.text);
    return question.text;
  }
}

const replica = (texts: Texts, patienceMs?: number) => new StoredSessions(SETTINGS, () => texts, patienceMs);

test('what one replica keeps another one reads, and nobody who looks into the Redis', async () => {
  const texts = new Texts();
  const name = await replica(texts).keep(session('ann'));
  expect((await replica(texts).read(name!))?.user).toBe('ann');
  expect([...texts.kept.values()].join()).not.toContain('ann');
  expect(await replica(texts).read('made-up')).toBeNull();
});

test('a session in the place of another one is none', async () => {
  const texts = new Texts();
  const own = (await replica(texts).keep(session('ann')))!;
  const other = (await replica(texts).keep(session('bob')))!;
  texts.kept.set(`oidc:${own}`, texts.kept.get(`oidc:${other}`)!);
  expect(await replica(texts).read(own)).toBeNull();
  texts.kept.set(`oidc:${own}`, 'nonsense');
  expect(await replica(texts).read(own)).toBeNull();
});

test('what moves to cookies, while the Redis is away, is still there for what is under way with the cookie from before', async () => {
  const texts = new Texts();
  const sessions = new Sessions(SETTINGS, () => texts);
  const before = cookiesOf(await sessions.write({ ...session('ann'), groups: MANY }, new Map(), 's'));
  const known = (await sessions.read(before, 's', Date.now()))!;
  texts.state = 'away';
  const after = cookiesOf(await sessions.write({ ...known, refreshToken: 'newer' }, before, 's'));
  expect((await sessions.read(after, 's', Date.now()))?.refreshToken).toBe('newer');
  expect((await sessions.read(before, 's', Date.now()))?.user).toBe('ann');
});

test('what is in the Redis is no cookie', async () => {
  const texts = new Texts();
  const sessions = new Sessions(SETTINGS, () => texts);
  const written = await sessions.write({ ...session('ann'), groups: MANY }, new Map(), 's');
  expect((await sessions.read(cookiesOf(written), 's', Date.now()))?.user).toBe('ann');
  const [sealed] = texts.kept.values();
  const copied = setChunks(new Map(), 's', sealed!);
  expect(await sessions.read(cookiesOf(copied), 's', Date.now())).toBeNull();
});

test('what is ended while it is read is over', async () => {
  const texts = new Texts();
  const one = replica(texts);
  const name = (await one.keep(session('ann')))!;
  const reading = one.newest(name);
  await one.drop(name);
  await reading;
  expect(await one.read(name)).toBeNull();
});

test('what is ended elsewhere is not brought back by what was under way', async () => {
  const texts = new Texts();
  const [one, two] = [replica(texts), replica(texts)];
  const name = (await one.keep(session('ann')))!;
  const known = (await one.read(name))!;
  await two.drop(name);
  await one.renew({ ...known, usedAt: known.usedAt + 1 });
  await expect(one.keep({ ...known, refreshToken: 'newer' })).rejects.toThrow(/ended/);
  expect([...texts.kept]).toEqual([]);
});

test('what is only used does not undo what another replica made of it', async () => {
  const texts = new Texts();
  const [one, two] = [replica(texts), replica(texts)];
  const name = (await one.keep(session('ann')))!;
  const known = (await two.read(name))!;
  await one.keep({ ...known, refreshToken: 'newer' });
  await two.renew({ ...known, usedAt: known.usedAt + 1 });
  expect((await replica(texts).read(name))?.refreshToken).toBe('newer');
  await one.renew({ ...known, refreshToken: 'newer', usedAt: known.usedAt + 2 });
  expect((await replica(texts).read(name))?.usedAt).toBe(known.usedAt + 2);
});

test.each(['away', 'hanging'] as const)(
  'while the Redis is %s, what is known serves on, and of the rest nobody can say',
  async (state) => {
    const texts = new Texts();
    const [one, other] = [replica(texts, 20), replica(texts, 20)];
    const name = (await one.keep(session('ann')))!;
    texts.state = state;
    expect((await one.newest(name))?.user).toBe('ann');
    await expect(other.read(name)).rejects.toThrow(SessionAway);
    expect(await one.keep(session('bob'))).toBeNull();
    expect(await one.isClaimed(name)).toBe(false);
  },
);
