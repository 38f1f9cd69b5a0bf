/** One order of a certificate, from its beginning or from where it stood when the process ended. */

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { readKeyPair } from '../tls/key-pair.ts';
import { signingRequest } from '../tls/signing-request.ts';
import { keyAuthorization } from './account.ts';
import type { ChallengeType, OutstandingChallenge } from './challenges.ts';
import type { AcmeClient, DirectoryAnswer, NewOrder } from './client.ts';
import { AcmeError } from './error.ts';
import { type Authorization, type Challenge, challengesOf, type Order, problemOf } from './messages.ts';

export interface OrderOptions extends NewOrder {
  readonly client: AcmeClient;
  /** Of the account. */
  readonly accountKey: KeyObject;
  /** The kind that is tried first; where the directory does not offer it, the other one. */
  readonly prefers: ChallengeType;
  /** `null`: both may be. */
  readonly only: ChallengeType | null;
  /** The order under way when the process last ended. */
  readonly begun: BegunOrder | null;
  /** Writes the state that a crash must not lose. */
  readonly save: (begun: BegunOrder | null) => Promise<void>;
  /** Resolves when every process that takes connections answers these, and no others. */
  readonly offer: (challenges: readonly OutstandingChallenge[]) => Promise<void>;
  readonly signal: AbortSignal;
}

interface BegunOrder {
  readonly url: string;
  /** PEM, of the certificate. */
  readonly key: string;
}

/** @returns PEM: key, certificate, chain. @throws AcmeError */
export async function orderCertificate(options: OrderOptions): Promise<string> {
  const { client, name, signal } = options;
  const { url, key, order } = await beginOrResume(options);
  const untilNot = (...statuses: Order['status'][]) =>
    settled(
      () => client.order(url),
      ({ status }) => !statuses.includes(status),
      signal,
    );
  let current = order;
  if (current.status === 'pending') {
    for (const authorization of current.authorizations) await prove(authorization, options);
    current = await untilNot('pending');
  }
  if (current.status === 'ready')
    await client.finalize(current.finalize, signingRequest([name], createPrivateKey(key)));
  if (current.status === 'ready' || current.status === 'processing')
    current = await untilNot('ready', 'processing');
  if (current.status !== 'valid' || current.certificate === undefined)
    throw await failed(current, url, options);
  return sound(await client.certificate(current.certificate), key, name);
}

/** The key is on disk before it is asked for a certificate: whenever the process ends, the one that comes fits a key that is there. */
async function beginOrResume(options: OrderOptions): Promise<BegunOrder & { readonly order: Order }> {
  const { client, begun, save } = options;
  if (begun !== null) {
    const known = await client.order(begun.url).catch((cause) => unknownOrder(cause));
    if (known !== null && known.value.status !== 'invalid') return { ...begun, order: known.value };
  }
  const { url, order } = await client.newOrder(options);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await save({ url, key });
  return { url, key, order };
}

/** Directories forget orders. @throws any other error */
function unknownOrder(cause: unknown): null {
  if (cause instanceof AcmeError && !['unreachable', 'rateLimited'].includes(cause.type)) return null;
  throw cause;
}

/** Shows that the name is ours. */
async function prove(url: string, options: OrderOptions): Promise<void> {
  const { client, accountKey, name, offer, signal } = options;
  const { value: authorization } = await client.authorization(url);
  if (authorization.status === 'valid') return;
  const { type, token, url: at } = chosen(authorization, options);
  await offer([{ type, name, token, answer: keyAuthorization(token, accountKey) }]);
  try {
    await client.ready(at);
    const { status, ...after } = await settled(
      () => client.authorization(url),
      (one) => one.status !== 'pending',
      signal,
    );
    if (status !== 'valid') throw refusalOf(after, type, url);
  } finally {
    await offer([]).catch(() => {});
  }
}

type Usable = Challenge & { readonly type: ChallengeType; readonly token: string };

function chosen(authorization: Authorization, { name, prefers, only }: OrderOptions): Usable {
  const offered = challengesOf(authorization);
  const usable = offered.filter(
    (one): one is Usable =>
      TYPES.includes(one.type) && one.token !== undefined && (only ?? one.type) === one.type,
  );
  const taken = usable.find(({ type }) => type === prefers) ?? usable[0];
  if (taken) return taken;
  const types = offered.map(({ type }) => type).join(', ') || 'nothing';
  throw new AcmeError(
    'challenge',
    `${name}: the directory offers ${types}, we can answer ${only ?? TYPES.join(', ')}`,
  );
}

function refusalOf(
  authorization: Pick<Authorization, 'challenges'>,
  type: ChallengeType,
  url: string,
): AcmeError {
  const errors = challengesOf(authorization as Authorization).flatMap(({ error }) => error ?? []);
  return problemOf(errors[0] ?? {}, `the ${type} of ${url} failed`);
}

/** An order that can't become valid any more is forgotten. */
async function failed({ status, error }: Order, url: string, { save }: OrderOptions): Promise<AcmeError> {
  await save(null);
  return problemOf(error ?? {}, `the order ${url} is ${status}`);
}

/** Asks until it is so, as often as the directory wants it, within bounds. @throws AcmeError where that takes too long */
async function settled<Value>(
  ask: () => Promise<DirectoryAnswer<Value>>,
  done: (value: Value) => boolean,
  signal: AbortSignal,
): Promise<Value> {
  const deadline = performance.now() + SETTLES_WITHIN_MS;
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 1.5, PAUSE_MAX_MS)) {
    const { value, waitMs } = await ask();
    if (done(value)) return value;
    if (performance.now() > deadline)
      throw new AcmeError('unreachable', `the directory came to no end within ${SETTLES_WITHIN_MS / 1000} s`);
    await sleep(Math.min(waitMs ?? pauseMs, PAUSE_MAX_MS) || pauseMs, undefined, { signal, ref: false });
  }
}

/** @throws AcmeError if it is no usable certificate for the name */
function sound(chain: string, key: string, name: string): string {
  const reading = readKeyPair(chain, key, Date.now());
  if (!reading.ok) throw new AcmeError('garbage', `the directory gave ${reading.fault.found}`);
  if (!reading.pair.names.includes(name))
    throw new AcmeError('garbage', `the directory gave a certificate for ${reading.pair.names.join(', ')}`);
  return `${key.trimEnd()}\n${chain.trimEnd()}\n`;
}

const TYPES: readonly string[] = ['http-01', 'tls-alpn-01'] satisfies ChallengeType[];
const SETTLES_WITHIN_MS = 120_000;
const PAUSE_MAX_MS = 10_000;
