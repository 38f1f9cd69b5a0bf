/** A configuration that is the value of a key in etcd, asked by the JSON that etcd 3.4 and later speaks over HTTP. */

import { z } from 'zod';
import { contentOf, type FileContent, MAX_FILE_BYTES } from './content.ts';
import { bounded, FETCH_MS, isNear, reasonOf, refused, unavailable } from './remote.ts';
import type { FileWatch } from './watch.ts';

export function isEtcd(source: string): boolean {
  return /^etcd:/i.test(source);
}

/** Its value now; never throws. */
export async function readEtcd(url: string): Promise<FileContent> {
  return (await asked(url)).content;
}

interface Found {
  readonly content: FileContent;
  /** Of the whole etcd, when it was asked; `null`: it was not. */
  readonly revision: string | null;
}

interface EtcdKey {
  readonly base: string;
  /** Base64. */
  readonly key: string;
  readonly name: string;
  readonly password: string;
}

/** Plain HTTP on this machine only: whoever can change a configuration on its way controls the gateway. */
function keyOf(url: string): EtcdKey | null {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.hostname === '' || parsed.pathname.length < 2) return null;
  if (parsed.search + parsed.hash !== '') return null;
  const { username, password, pathname, hostname, port } = parsed;
  return {
    base: `${isNear(parsed) ? 'http' : 'https'}://${hostname}:${port || ETCD_PORT}/v3`,
    key: Buffer.from(decodeURIComponent(pathname.slice(1))).toString('base64'),
    name: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

/** `null`: the URL names none. */
function keyIn(url: string): EtcdKey | null {
  try {
    return keyOf(url);
  } catch {
    // A malformed escape.
    return null;
  }
}

const rangeForm = z.object({
  header: z.object({ revision: z.string() }),
  kvs: z.array(z.object({ value: z.string().optional() })).optional(),
});

async function asked(url: string): Promise<Found> {
  const target = keyIn(url);
  if (target === null)
    return {
      content: refused('no place in etcd', 'write it as etcd://127.0.0.1:2379/portway/gateway.yaml'),
      revision: null,
    };
  try {
    const signal = AbortSignal.timeout(FETCH_MS);
    const response = await post(target, 'kv/range', { key: target.key }, signal);
    const { header, kvs = [] } = rangeForm.parse(JSON.parse((await bounded(response, JSON_MAX)).toString()));
    const [found] = kvs;
    const content =
      found === undefined ? unavailable('no such key') : contentOf(Buffer.from(found.value ?? '', 'base64'));
    return { content, revision: header.revision };
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError || cause instanceof SyntaxError
        ? 'an answer that is not etcd’s'
        : reasonOf(cause);
    return { content: unavailable(reason), revision: null };
  }
}

/** @throws Error where it is answered otherwise than with 200 */
async function post(target: EtcdKey, path: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const token = target.name === '' ? null : await tokenOf(target, signal);
  const response = await fetch(`${target.base}/${path}`, {
    method: 'POST',
    // A redirect could lead anywhere.
    redirect: 'error',
    headers: token === null ? {} : { Authorization: token },
    body: JSON.stringify(body),
    signal,
  });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Error(
    response.status === 401 || response.status === 403
      ? `the answer ${response.status}: it wants another user`
      : `the answer ${response.status}`,
  );
}

async function tokenOf(target: EtcdKey, signal: AbortSignal): Promise<string> {
  const { name, password } = target;
  const response = await post({ ...target, name: '' }, 'auth/authenticate', { name, password }, signal);
  return z.object({ token: z.string() }).parse(JSON.parse((await bounded(response, JSON_MAX)).toString()))
    .token;
}

/** Follows the key: reads it when etcd reports a change, and twice a minute in case it does not. */
export function watchEtcd(
  url: string,
  changed: (content: FileContent) => void,
  knownHash: string,
): FileWatch {
  const closed = new AbortController();
  void follow(url, changed, knownHash, closed.signal);
  return { close: () => closed.abort() };
}

async function follow(
  url: string,
  changed: (content: FileContent) => void,
  knownHash: string,
  closed: AbortSignal,
): Promise<void> {
  let hash = knownHash;
  while (!closed.aborted) {
    const { content, revision } = await asked(url);
    if (closed.aborted) return;
    if (content.hash !== hash) {
      hash = content.hash;
      changed(content);
    }
    const isTold = revision !== null && (await nextChange(url, revision, closed));
    // A random pause: replicas that were notified, or cut off, together must not ask together, and a key that changes all the time is not
    // read all the time.
    await pause(isTold ? SETTLE_MS : AGAIN_MS, closed);
  }
}

/**
 * Resolves when there may be a new value. @returns whether etcd reported a change or stayed silent for long; otherwise it does not report
 * changes at all
 */
async function nextChange(url: string, revision: string, closed: AbortSignal): Promise<boolean> {
  const lookMs = Math.round(LOOK_MS * (0.8 + Math.random() * 0.4));
  const signal = AbortSignal.any([closed, AbortSignal.timeout(lookMs)]);
  return tellsOfChange(url, revision, signal).catch(() => signal.aborted);
}

async function tellsOfChange(url: string, revision: string, signal: AbortSignal): Promise<boolean> {
  const target = keyOf(url)!;
  const start = String(BigInt(revision) + 1n);
  const request = { create_request: { key: target.key, start_revision: start } };
  const response = await post(target, 'watch', request, signal);
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    // The first line confirms the watch.
    if (text.includes('"events"')) return true;
    // It has compacted that revision, or refuses watches; or this is no etcd.
    if (text.includes('"canceled"') || text.length > TOLD_MAX) return false;
  }
  return false;
}

function pause(ms: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms * (0.8 + Math.random() * 0.4)).unref();
    closed.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

const ETCD_PORT = 2379;
/** A value in base64, and the JSON around it. */
const JSON_MAX = Math.ceil((MAX_FILE_BYTES * 4) / 3) + 16_384;
const TOLD_MAX = 65_536;
const SETTLE_MS = 100;
const AGAIN_MS = 5_000;
const LOOK_MS = 30_000;
