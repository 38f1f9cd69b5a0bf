import type { KeyObject } from 'node:crypto';
import { FlattenedSign } from 'jose';
import type { z } from 'zod';
import { publicKeyOf } from './account.ts';
import { AcmeError } from './error.ts';
import {
  type Authorization,
  authorizationForm,
  type Directory,
  directoryForm,
  jsonOf,
  type Order,
  orderForm,
  problemForm,
  problemOf,
  renewalForm,
  understood,
} from './messages.ts';
import { type AcmeAnswer, type AcmeTransport, retryAfterMs } from './transport.ts';

export interface AcmeClientOptions {
  readonly transport: AcmeTransport;
  /** URL of the directory. */
  readonly directory: string;
  /** Of the account, P-256. */
  readonly key: KeyObject;
  /** Aborts requests under way. */
  readonly signal: AbortSignal;
}

export interface ExternalAccount {
  readonly keyId: string;
  /** HMAC-SHA-256, base64url. */
  readonly key: string;
}

export interface NewOrder {
  readonly name: string;
  readonly profile: string | null;
  /** RFC 9773 §5; `null`: it is the first. */
  readonly replaces: string | null;
}

/** An answer of a directory, and how long not to ask again. */
export interface DirectoryAnswer<Value> {
  readonly value: Value;
  readonly waitMs: number | null;
}

/** The protocol of a directory (RFC 8555): requests that an account signs. It keeps no state but a nonce. Every method throws AcmeError. */
export class AcmeClient {
  readonly #options: AcmeClientOptions;
  #nonce: string | null = null;
  #directory: Directory | null = null;
  /** Once it is registered. */
  account: string | null = null;

  constructor(options: AcmeClientOptions) {
    this.#options = options;
  }

  async directory(): Promise<Directory> {
    const { directory } = this.#options;
    this.#directory ??= understood(directoryForm, (await this.#get(directory)).body, directory);
    return this.#directory;
  }

  /** Registers the key, or finds the account that it has (§7.3). */
  async register(email: string | null, external: ExternalAccount | null): Promise<void> {
    const { newAccount, meta } = await this.directory();
    if (meta?.externalAccountRequired && external === null)
      throw new AcmeError('externalAccountRequired', `${newAccount} serves its customers alone`);
    const answer = await this.#post(newAccount, {
      termsOfServiceAgreed: true,
      ...(email !== null && { contact: contactOf(email) }),
      ...(external !== null && { externalAccountBinding: await this.#binding(external, newAccount) }),
    });
    this.account = locationOf(answer, newAccount);
  }

  /** Where the directory writes to from now on (§7.3.2). */
  async contact(email: string | null): Promise<void> {
    await this.#post(this.account!, { contact: contactOf(email) });
  }

  /** §7.3.4 */
  async #binding({ keyId, key }: ExternalAccount, url: string): Promise<object> {
    const payload = Buffer.from(JSON.stringify(publicKeyOf(this.#options.key)));
    return new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'HS256', kid: keyId, url })
      .sign(Buffer.from(key, 'base64url'));
  }

  /** @returns the order with its URL */
  async newOrder({
    name,
    profile,
    replaces,
  }: NewOrder): Promise<{ readonly url: string; readonly order: Order }> {
    const { newOrder } = await this.directory();
    const answer = await this.#post(newOrder, {
      identifiers: [{ type: 'dns', value: name }],
      ...(profile !== null && { profile }),
      ...(replaces !== null && { replaces }),
    });
    return { url: locationOf(answer, newOrder), order: understood(orderForm, answer.body, newOrder) };
  }

  order(url: string): Promise<DirectoryAnswer<Order>> {
    return this.#parsed(orderForm, url);
  }

  authorization(url: string): Promise<DirectoryAnswer<Authorization>> {
    return this.#parsed(authorizationForm, url);
  }

  /** Announces that the challenge can be validated. */
  async ready(challenge: string): Promise<void> {
    await this.#post(challenge, {});
  }

  /** @param request DER */
  async finalize(url: string, request: Buffer): Promise<void> {
    await this.#post(url, { csr: request.toString('base64url') });
  }

  /** @returns PEM, the server's first */
  async certificate(url: string): Promise<string> {
    return (await this.#post(url, null)).body;
  }

  /** The directory's window for renewing it (RFC 9773 §4). @param id of the certificate. `null`: it has none */
  async renewalWindow(
    id: string,
  ): Promise<DirectoryAnswer<{ readonly start: number; readonly end: number }> | null> {
    const { renewalInfo } = await this.directory();
    if (renewalInfo === undefined) return null;
    const url = `${renewalInfo.replace(/\/$/, '')}/${id}`;
    const answer = await this.#get(url);
    const { suggestedWindow } = understood(renewalForm, answer.body, url);
    const [start, end] = [Date.parse(suggestedWindow.start), Date.parse(suggestedWindow.end)];
    if (!(start <= end))
      throw new AcmeError('garbage', `${url} answered a window that ends before it begins`);
    return { value: { start, end }, waitMs: waitOf(answer) };
  }

  async #parsed<Form extends z.ZodType>(form: Form, url: string): Promise<DirectoryAnswer<z.output<Form>>> {
    const answer = await this.#post(url, null);
    return { value: understood(form, answer.body, url), waitMs: waitOf(answer) };
  }

  async #get(url: string): Promise<AcmeAnswer> {
    const answer = await this.#options.transport.ask('GET', url, null, this.#options.signal);
    if (answer.status >= 300) throw failureOf(answer, url);
    return answer;
  }

  /** @param payload `null`: only reads (§6.3) */
  async #post(url: string, payload: object | null): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      const { transport, signal } = this.#options;
      const answer = await transport.ask('POST', url, await this.#signed(url, payload), signal);
      this.#nonce = answer.header('replay-nonce');
      if (answer.status < 300) return answer;
      const failure = failureOf(answer, url);
      // §6.5: to be tried again with the nonce that came with the answer.
      if (failure.type !== 'badNonce' || tries >= NONCE_TRIES) throw failure;
    }
  }

  async #signed(url: string, payload: object | null): Promise<string> {
    const { key } = this.#options;
    const nonce = await this.#takeNonce();
    const who = this.account === null ? { jwk: publicKeyOf(key) } : { kid: this.account };
    const bytes = Buffer.from(payload === null ? '' : JSON.stringify(payload));
    const signed = new FlattenedSign(bytes).setProtectedHeader({ alg: 'ES256', nonce, url, ...who });
    return JSON.stringify(await signed.sign(key));
  }

  async #takeNonce(): Promise<string> {
    const { newNonce } = await this.directory();
    const known = this.#nonce;
    this.#nonce = null;
    if (known !== null) return known;
    const answer = await this.#options.transport.ask('HEAD', newNonce, null, this.#options.signal);
    const fresh = answer.header('replay-nonce');
    if (fresh === null) throw new AcmeError('garbage', `${newNonce} gave no nonce`);
    return fresh;
  }
}

function failureOf(answer: AcmeAnswer, url: string): AcmeError {
  const problem = problemForm.safeParse(jsonOf(answer.body));
  const from = `${url} answered ${answer.status}`;
  if (problem.success && problem.data.type !== undefined)
    return problemOf(problem.data, from, waitOf(answer));
  const type = answer.status === 429 ? 'rateLimited' : answer.status >= 500 ? 'unreachable' : 'garbage';
  return new AcmeError(type, from, waitOf(answer));
}

function locationOf(answer: AcmeAnswer, url: string): string {
  const location = answer.header('location');
  if (location?.startsWith('https://')) return location;
  throw new AcmeError('garbage', `${url} did not say where what it made is`);
}

function waitOf(answer: AcmeAnswer): number | null {
  return retryAfterMs(answer.header('retry-after'), Date.now());
}

const NONCE_TRIES = 5;

function contactOf(email: string | null): string[] {
  return email === null ? [] : [`mailto:${email}`];
}
