/** A configuration that is fetched: its content, news of it, and a copy on disk for a start at which it can't be had. */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentOf, type FileContent, MAX_FILE_BYTES } from './content.ts';
import { stateFolder } from './state-folder.ts';
import type { FileWatch } from './watch.ts';

/** Whether this names a place in the network, and no file. */
export function isRemote(file: string): boolean {
  return /^(?:https?|etcd):/i.test(file);
}

/** The last content and its `ETag`: unchanged content is not sent again (RFC 9110 §13.1.2). */
interface Known {
  readonly etag: string | null;
  readonly content: FileContent;
}

/** Fetches it; never throws. */
export async function fetchContent(url: string): Promise<FileContent> {
  return (await fetched(url, null)).content;
}

async function fetched(url: string, known: Known | null): Promise<Known> {
  const fault = faultOf(url);
  if (fault !== null) return { etag: null, content: fault };
  const headers: Record<string, string> = { Accept: 'application/yaml, text/yaml, text/plain, */*' };
  if (known?.etag) headers['If-None-Match'] = known.etag;
  try {
    const response = await answerOf(url, headers);
    if (response.status === 304 && known !== null) return known;
    if (!response.ok) {
      await response.body?.cancel();
      return { etag: null, content: unavailable(`the answer ${response.status}`) };
    }
    const content = contentOf(await bounded(response));
    return { etag: response.headers.get('etag'), content };
  } catch (cause) {
    return { etag: null, content: unavailable(reasonOf(cause)) };
  }
}

export const FETCH_MS = 10_000;

/** Redirects are checked like the configured URL, and another origin gets no password. @throws if a redirect leads nowhere */
async function answerOf(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const signal = AbortSignal.timeout(FETCH_MS);
  const { origin } = addressOf(url);
  let address = addressOf(url);
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const own = address.origin === origin ? authorizationOf(url) : {};
    const response = await fetch(address, { headers: { ...headers, ...own }, redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, address)?.href ?? '';
    const fault = faultOf(next);
    if (fault?.ok === false) throw new Error(`a redirect to ${fault.found}`);
    address = addressOf(next);
  }
  throw new Error(`more than ${REDIRECTS_MAX} redirects`);
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const REDIRECTS_MAX = 5;

/** A configuration that can be changed on its way is refused. */
function faultOf(url: string): FileContent | null {
  // Parsers accept other slashes than these, but no user means them.
  const parsed = /^https?:\/\//i.test(url) ? URL.parse(url) : null;
  if (parsed === null) return refused('no URL', 'write it as https://config.example.com/gateway.yaml');
  if (parsed.protocol === 'https:' || isNear(parsed)) return null;
  return refused('a place that is asked without TLS', 'anybody on the way could change it: use https://');
}

export function refused(found: string, hint: string): FileContent {
  return { ok: false, expected: 'a configuration that can be fetched', found, hint, hash: found };
}

export function unavailable(found: string): FileContent {
  return refused(found, 'what served last goes on serving; it is asked again');
}

/** Whether it is on this machine. */
export function isNear({ hostname }: URL): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

/** `user:password@` is for the server alone. */
function addressOf(url: string): URL {
  const address = new URL(url);
  address.username = address.password = '';
  return address;
}

function authorizationOf(url: string): Record<string, string> {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Content beyond the bound is cut off: it is too large in any case. */
export async function bounded(response: Response, max: number = MAX_FILE_BYTES): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    total += chunk.length;
    // One byte too many is enough to be refused as too large.
    if (total > max) break;
  }
  return Buffer.concat(chunks);
}

export function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof Error && inner.name === 'TimeoutError') return `no answer within ${FETCH_MS / 1000} s`;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}

/** Polls with the last `ETag`, and reports changes. */
export function watchRemote(
  url: string,
  changed: (content: FileContent) => void,
  knownHash: string,
): FileWatch {
  let known: Known | null = null;
  let hash = knownHash;
  let closed = false;
  let timer: NodeJS.Timeout;
  const ask = async () => {
    known = await fetched(url, known);
    if (closed) return;
    if (known.content.hash !== hash) {
      hash = known.content.hash;
      changed(known.content);
    }
    later();
  };
  // Replicas that were started together do not ask together.
  const later = () => {
    timer = setTimeout(() => void ask(), POLL_MS * (0.8 + Math.random() * 0.4)).unref();
  };
  later();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

const POLL_MS = 5_000;

/** A copy of the last applied content, for a start while the source is unavailable. */
export class KeptCopy {
  readonly #folder: string;
  readonly #file: string;

  /** @param url as the user named it */
  constructor(url: string, env: Readonly<Record<string, string | undefined>>) {
    this.#folder = stateFolder(env);
    const name = createHash('sha256').update(addressOf(url).href).digest('hex').slice(0, 16);
    this.#file = join(this.#folder, `config-${name}.yaml`);
  }

  /** @throws where the disk can't take it */
  async keep(content: FileContent & { ok: true }): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const draft = `${this.#file}.${randomUUID()}`;
    await writeFile(draft, content.text, { mode: 0o600, flush: true });
    await rename(draft, this.#file);
  }

  /** `null`: there is none. */
  async read(): Promise<(FileContent & { ok: true }) | null> {
    const bytes = await readFile(this.#file).catch(() => null);
    const content = bytes && contentOf(bytes);
    return content?.ok ? content : null;
  }
}
