import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { readText } from '../files/content.ts';
import type { AcmeConfig } from '../model/config.ts';
import type { OrderedCertificateStatus } from '../model/status.ts';
import { readKeyPair } from '../tls/key-pair.ts';
import { renewalIdentifier } from '../tls/signing-request.ts';
import type { OutstandingChallenge } from './challenges.ts';
import { AcmeClient } from './client.ts';
import { AcmeError, adviceFor } from './error.ts';
import { orderCertificate } from './order.ts';
import { instantIn, leftAlone, nextLook, nextTry, nextTryAfterStart, renewalTime } from './schedule.ts';
import type { AcmeShare } from './share.ts';
import { AcmeStore, NOTHING_ORDERED, type OrderState } from './store.ts';
import { AcmeTransport } from './transport.ts';

export interface RenewalsOptions {
  readonly acme: AcmeConfig;
  /** As of `acmeFolder`. */
  readonly folder: string;
  readonly log: Logger;
  /** As of `OrderOptions`. */
  readonly offer: (challenges: readonly OutstandingChallenge[]) => Promise<void>;
  /** As of `AcmeOptions`. */
  readonly share: () => AcmeShare | null;
  readonly ordered: (result: 'issued' | 'failed') => void;
  /** Whether failed orders are retried at once. */
  readonly afresh: boolean;
}

interface HeldCertificate {
  readonly pem: string;
  readonly notAfter: number;
  /** Used if the directory has no window. */
  readonly renewAt: number;
  /** As of `leftAlone`. */
  readonly leftAloneMs: number;
}

interface Named {
  readonly name: string;
  state: OrderState;
  held: HeldCertificate | null;
  ordering: boolean;
  /** The directory's window (RFC 9773), and when to ask for it again. */
  window: { readonly start: number; readonly end: number; readonly renewAt: number } | null;
  lookAt: number;
}

/** Keeps a certificate for each name of `tls.acme`: one order at a time, and none sooner than it should be. */
export class Renewals {
  readonly #options: RenewalsOptions;
  readonly #store: AcmeStore;
  readonly #stopped = new AbortController();
  readonly #startedAt = Date.now();
  readonly #names: readonly Named[];
  #transport: AcmeTransport | null = null;

  constructor(options: RenewalsOptions) {
    this.#options = options;
    this.#store = new AcmeStore(options.folder, options.share);
    this.#names = options.acme.names.map((name) => ({
      name,
      state: NOTHING_ORDERED,
      held: null,
      ordering: false,
      window: null,
      lookAt: 0,
    }));
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
    this.#transport?.close();
  }

  status(): readonly OrderedCertificateStatus[] {
    const { directory } = this.#options.acme;
    return this.#names.map((named) => ({ directory, ...statusOf(named) }));
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (const named of this.#names) await this.#load(named);
    while (!signal.aborted) {
      for (const named of this.#names) await this.#mind(named);
      const due = Math.min(...this.#names.map(dueAt)) - Date.now();
      const pauseMs = Math.min(Math.max(due, PAUSE_MIN_MS), PAUSE_MAX_MS);
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #load(named: Named): Promise<void> {
    try {
      const state = await this.#store.order(named.name);
      const { triedAt, nextTryAt, error } = state;
      const limited = error?.type === 'rateLimited';
      const again = this.#options.afresh ? null : nextTryAfterStart(triedAt, nextTryAt, limited);
      named.state = { ...state, nextTryAt: again };
      await this.#hold(named);
    } catch (cause) {
      await this.#failed(named, AcmeError.from(cause));
    }
  }

  async #hold(named: Named): Promise<void> {
    const pem = await this.#store.certificate(named.name);
    if (pem === named.held?.pem) return;
    named.held = pem === null ? null : heldOf(pem);
    named.window = null;
    named.lookAt = 0;
  }

  /** Does what is due. Never throws. */
  async #mind(named: Named): Promise<void> {
    if (this.#stopped.signal.aborted || dueAt(named) > Date.now()) return;
    try {
      // Another process may have had it meanwhile.
      await this.#hold(named);
      if (named.held && named.lookAt <= Date.now()) await this.#look(named, named.held);
      if (orderAt(named) <= Date.now()) await this.#order(named);
    } catch (cause) {
      if (!this.#stopped.signal.aborted) await this.#failed(named, AcmeError.from(cause));
    }
  }

  /** Asks for the directory's renewal window. Without an answer our own instant stays. */
  async #look(named: Named, { pem }: HeldCertificate): Promise<void> {
    const id = renewalIdentifier(certificateIn(pem));
    named.lookAt = nextLook(null, Date.now());
    try {
      const answer = id === null ? null : await (await this.#client()).renewalWindow(id);
      if (answer === null) return;
      named.lookAt = nextLook(answer.waitMs, Date.now());
      const { start, end } = answer.value;
      if (named.window?.start === start && named.window.end === end) return;
      named.window = { start, end, renewAt: instantIn(answer.value, Math.random()) };
    } catch (cause) {
      const { type, message } = AcmeError.from(cause);
      this.#options.log.debug({ name: named.name, type, reason: message }, 'no renewal information');
    }
  }

  /** One replica orders, and the others take over its certificate. */
  async #order(named: Named): Promise<void> {
    const share = this.#options.share();
    if (share === null) return this.#orderNow(named);
    const locked = await share.lock();
    if (locked === false || (locked === null && !this.#isUrgent(named))) return;
    try {
      if (locked) await this.#learn(named);
      if (orderAt(named) <= Date.now()) await this.#orderNow(named);
    } catch (cause) {
      // Published before another replica may try.
      if (!this.#stopped.signal.aborted) await this.#failed(named, AcmeError.from(cause));
    } finally {
      if (locked) await share.unlock();
    }
  }

  /** Takes over certificates from other replicas, and gives back those that they have lost. */
  async #learn(named: Named): Promise<void> {
    const { name } = named;
    await this.#store.learn(name);
    named.state = await this.#store.order(name);
    const theirs = await this.#store.sharedCertificate(name);
    const until = theirs === null ? 0 : (heldOf(theirs)?.notAfter ?? 0);
    if (theirs && until > (named.held?.notAfter ?? 0)) {
      await this.#store.writeCertificate(name, theirs);
      this.#options.log.info({ name, until: dateOf(until) }, 'has the certificate of another replica');
    } else if (named.held && named.held.notAfter > until)
      await this.#store.writeCertificate(name, named.held.pem);
    await this.#hold(named);
  }

  /** Whether it is better ordered twice than not at all. */
  #isUrgent({ held }: Named): boolean {
    return held === null
      ? Date.now() - this.#startedAt > ALONE_AFTER_MS
      : held.notAfter - Date.now() < URGENT_MS;
  }

  async #offer(challenges: readonly OutstandingChallenge[]): Promise<void> {
    const { offer, share } = this.#options;
    await Promise.all([offer(challenges), share()?.offer(challenges)]);
  }

  async #orderNow(named: Named): Promise<void> {
    const { name } = named;
    const { acme, log, ordered } = this.#options;
    named.ordering = true;
    try {
      log.info({ name, directory: acme.directory }, 'orders a certificate');
      const client = await this.#registered();
      const { key } = await this.#store.account();
      const pem = await orderCertificate({
        client,
        accountKey: key,
        name,
        profile: await profileAt(client, acme),
        replaces: await replacedBy(client, named),
        only: acme.challenge,
        // After a failure, the other challenge is tried.
        prefers: named.state.failures % 2 === 0 ? 'http-01' : 'tls-alpn-01',
        begun: named.state.order,
        save: (order) => this.#save(named, { ...named.state, order }),
        offer: (challenges) => this.#offer(challenges),
        signal: this.#stopped.signal,
      });
      await this.#store.writeCertificate(name, pem);
      await this.#save(named, { ...NOTHING_ORDERED, triedAt: Date.now() });
      await this.#hold(named);
      ordered('issued');
      log.info({ name, until: dateOf(named.held!.notAfter) }, 'has a certificate');
    } finally {
      named.ordering = false;
    }
  }

  /** Published state is on disk, so that the process may end without loss. */
  async #save(named: Named, state: OrderState): Promise<void> {
    try {
      await this.#store.writeOrder(named.name, state);
    } finally {
      named.state = state;
    }
  }

  async #failed(named: Named, { type, message, retryAfterMs }: AcmeError): Promise<void> {
    const { name, state } = named;
    const { log, ordered } = this.#options;
    const failures = state.failures + 1;
    const triedAt = Date.now();
    const nextTryAt = nextTry(failures, retryAfterMs, triedAt, Math.random());
    ordered('failed');
    const until = named.held && dateOf(named.held.notAfter);
    log.error(
      { name, type, reason: message, until, nextTry: dateOf(nextTryAt), advice: adviceFor(type) },
      until === null
        ? 'could not get a certificate'
        : 'could not renew a certificate: the old one stays in use',
    );
    if (type === 'accountDoesNotExist') await this.#forgetAccount().catch(() => {});
    const order = KEEPS_ORDER.includes(type) ? state.order : null;
    const next = { order, failures, triedAt, nextTryAt, error: { type, detail: message } };
    // Where that can't be written, it is known as long as this process lives.
    await this.#save(named, next).catch(() => {});
  }

  /** The next order registers the key again. */
  async #forgetAccount(): Promise<void> {
    const { key } = await this.#store.account();
    await this.#store.writeAccount({ key, url: null, email: null });
  }

  async #client(): Promise<AcmeClient> {
    const { directory, ca } = this.#options.acme;
    this.#transport ??= new AcmeTransport(ca === null ? null : await authorities(ca));
    const { key } = await this.#store.account();
    return new AcmeClient({ transport: this.#transport, directory, key, signal: this.#stopped.signal });
  }

  async #registered(): Promise<AcmeClient> {
    const { email, externalAccount } = this.#options.acme;
    const client = await this.#client();
    const known = await this.#store.account();
    client.account = known.url;
    if (known.url !== null && known.email === email) return client;
    if (known.url === null) await client.register(email, externalAccount);
    else if (!(await this.#takes(client, email))) return client;
    await this.#store.writeAccount({ key: known.key, url: client.account, email });
    return client;
  }

  /** A contact address that the directory rejects does not prevent the order; the next one sends it again. */
  async #takes(client: AcmeClient, email: string | null): Promise<boolean> {
    try {
      await client.contact(email);
      return true;
    } catch (cause) {
      const { type, message } = AcmeError.from(cause);
      this.#options.log.warn({ type, reason: message }, 'could not tell the directory of another email');
      return false;
    }
  }
}

async function authorities(file: string): Promise<string> {
  return readText(file).catch((cause: Error) => {
    throw new AcmeError('ca', `tls.acme.ca: ${cause.message}`);
  });
}

/** @throws AcmeError */
async function profileAt(client: AcmeClient, { profile }: AcmeConfig): Promise<string | null> {
  if (profile === null) return null;
  const { meta } = await client.directory();
  const known = Object.keys(meta?.profiles ?? {});
  if (known.includes(profile)) return profile;
  const all = known.length === 0 ? 'none' : known.join(', ');
  throw new AcmeError('invalidProfile', `the directory has no profile ${profile}; it has ${all}`);
}

/** Tried once: a directory may disagree about which certificate was replaced. */
async function replacedBy(client: AcmeClient, { held, state }: Named): Promise<string | null> {
  const { renewalInfo } = await client.directory();
  if (renewalInfo === undefined || held === null || state.failures > 0) return null;
  return renewalIdentifier(certificateIn(held.pem));
}

/** `null`: the stored certificate can't be used. */
function heldOf(pem: string): HeldCertificate | null {
  const reading = readKeyPair(pem, pem, Date.now());
  if (!reading.ok) return null;
  const { notAfter } = reading.pair;
  const { validFromDate } = new X509Certificate(certificateIn(pem));
  const notBefore = validFromDate.getTime();
  const renewAt = renewalTime(notBefore, notAfter, Math.random());
  return { pem, notAfter, renewAt, leftAloneMs: leftAlone(notAfter - notBefore) };
}

function certificateIn(pem: string): string {
  return pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-----'));
}

function orderAt({ state, held, window }: Named): number {
  if (state.nextTryAt !== null) return state.nextTryAt;
  if (held === null) return 0;
  const due = Math.min(window?.renewAt ?? held.renewAt, held.notAfter);
  return Math.max(due, (state.triedAt ?? 0) + held.leftAloneMs);
}

function dueAt(named: Named): number {
  return named.held === null ? orderAt(named) : Math.min(orderAt(named), named.lookAt);
}

function statusOf(named: Named): Omit<OrderedCertificateStatus, 'directory'> {
  const { name, held, ordering, state } = named;
  const { failures, triedAt, error } = state;
  const expired = held !== null && held.notAfter <= Date.now();
  return {
    name,
    state: ordering ? 'ordering' : held === null ? 'missing' : expired ? 'expired' : 'valid',
    expiresAt: held?.notAfter ?? null,
    nextTryAt: ordering ? null : orderAt(named),
    failures,
    error: error && { ...error, at: triedAt ?? 0 },
  };
}

function dateOf(instant: number): string {
  return new Date(instant).toISOString();
}

/** Errors that say nothing about the order itself. */
const KEEPS_ORDER = ['unreachable', 'rateLimited', 'store', 'garbage', 'internal'];
/** Without a certificate, a replica that can't ask the others waits so long for them. */
const ALONE_AFTER_MS = 60_000;
const URGENT_MS = 3 * 86_400_000;
const PAUSE_MIN_MS = 1_000;
/** The clock of the machine may be set. */
const PAUSE_MAX_MS = 60_000;
