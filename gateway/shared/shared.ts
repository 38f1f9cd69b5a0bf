import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { OutstandingChallenge } from '../acme/challenges.ts';
import type { AcmeShare } from '../acme/share.ts';
import { EVERYTHING, type Purge } from '../cache/purge.ts';
import type { GatewayConfig, SharedConfig } from '../model/config.ts';
import type { ReplicaStatus, SharedStatus } from '../model/status.ts';
import { newTagKey } from '../policy/rate-limit/party-tag.ts';
import { newTicketSeed, TicketKeys } from '../tls/ticket-keys.ts';
import { Link } from './link.ts';
import { beatOf, type News, newsOf, replicasOf, type Secrets, secretsOf } from './messages.ts';
import { SharedAcme } from './shared-acme.ts';
import { SharedCounts } from './shared-counts.ts';
import { TextsInRedis } from './texts-in-redis.ts';

export interface SharedOptions {
  readonly log: Logger;
  /** How many processes of this replica take requests. */
  readonly workers: () => number;
  /** Of the configuration that serves. */
  readonly version: () => string;
  /** Purges the caches of this replica. */
  readonly purge: (purge: Purge) => void;
  /** Serves another replica's challenges: resolves when all processes of this one do. */
  readonly answer: (challenges: readonly OutstandingChallenge[]) => Promise<void>;
  /** Others have other keys than this replica had. */
  readonly adopt: (secrets: Secrets) => void;
}

/**
 * The state that replicas of a gateway share through a Redis, in the one process of each replica that follows the file. Nothing waits for
 * it: while the Redis is away, each replica continues with its own state.
 */
export class Shared {
  readonly #options: SharedOptions;
  readonly #id = randomUUID();
  readonly #tickets = new TicketKeys(newTicketSeed());
  #countKey = newTagKey();
  #config: SharedConfig | null = null;
  #link: Link | null = null;
  /** Why it is away; `null`: it is not. */
  #failure: string | null = 'it was not reached yet';
  #since = Date.now();
  #replicas: readonly ReplicaStatus[] = [];
  /** As the Redis has them. */
  #stored = '';
  #newest = '';
  /** News to publish when it is back. */
  #unpublished: News[] = [];
  readonly counts: SharedCounts;
  readonly texts: TextsInRedis;
  readonly #acme: SharedAcme;

  constructor(options: SharedOptions) {
    this.#options = options;
    this.counts = new SharedCounts({
      link: () => this.#link,
      prefix: () => this.#config!.prefix,
      key: () => this.#countKey,
      processes: () => this.#processes(),
    });
    this.texts = new TextsInRedis(
      () => this.#link,
      () => this.#config!,
    );
    this.#acme = new SharedAcme({
      link: () => this.#link,
      prefix: () => this.#config?.prefix ?? '',
      id: this.#id,
      others: () => this.#replicas.filter(({ own }) => !own).length,
      tell: async (challenges) => {
        const { prefix } = this.#config!;
        const text = JSON.stringify({ from: this.#id, challenges } satisfies News);
        return String(await this.#link!.run('tell', [`${prefix}:news`], [text]));
      },
    });
  }

  /** By which replicas order certificates together; `null`: each orders its own. */
  get acme(): AcmeShare | null {
    return this.#config === null ? null : this.#acme;
  }

  /** An unchanged configuration changes nothing. */
  use({ shared }: Pick<GatewayConfig, 'shared'>): void {
    if (isDeepStrictEqual(shared, this.#config)) return;
    this.close();
    this.#config = shared;
    if (shared === null) return;
    this.#link = new Link({
      config: shared,
      beat: (link) => this.#beat(link, shared.prefix),
      up: () => this.#up(),
      down: (reason) => this.#down(reason),
    });
  }

  get secrets(): Secrets {
    return { countKey: this.#countKey, tickets: this.#tickets.seed };
  }

  /** Makes all other replicas forget it, too; those that can't be reached now, when they can. */
  tellPurge(purge: Purge): void {
    if (this.#link !== null) void this.#tell({ from: this.#id, purge });
  }

  status(): SharedStatus | null {
    if (this.#config === null) return null;
    const replicas = this.#failure === null ? this.#replicas : [];
    return {
      place: placeOf(this.#config),
      failure: this.#failure,
      since: this.#since,
      replicas,
      versions: new Set(replicas.map(({ version }) => version)).size,
      words: this.counts.words,
    };
  }

  close(): void {
    this.#link?.close();
    this.#acme.close();
    this.#link = null;
    this.#config = null;
    this.#failure = 'it was not reached yet';
    this.#replicas = [];
    this.#stored = this.#newest = '';
    this.#unpublished = [];
  }

  #processes(): number {
    const others = this.#replicas.filter(({ own }) => !own);
    return others.reduce((sum, { workers }) => sum + workers, this.#options.workers());
  }

  async #beat(link: Link, prefix: string): Promise<void> {
    const { workers, version } = this.#options;
    const own = JSON.stringify({ host: hostname(), workers: workers(), version: version() });
    const secrets = JSON.stringify(this.secrets);
    // Ticket keys are replaced every eight hours, and the old ones must not be found anywhere.
    const replaced = this.#stored !== '' && secrets !== this.#stored ? this.#stored : '';
    const keys = [`${prefix}:replicas`, `${prefix}:news`, `${prefix}:secrets`];
    const answer = await link.run('beat', keys, [this.#id, own, this.#newest, secrets, replaced]);
    // Another configuration may have been taken meanwhile.
    if (link !== this.#link) return;
    const [stored, newest, missed, replicas, news] = beatOf(answer);
    this.#adopt(stored);
    this.#newest = newest;
    this.#replicas = replicasOf(replicas, this.#id);
    // Some news was missed, so this replica forgets all cached answers.
    if (missed === 1) this.#options.purge(EVERYTHING);
    for (const one of newsOf(news)) if (one.from !== this.#id) this.#hear(one);
  }

  #hear({ id, purge, challenges }: News & { readonly id: string }): void {
    if (purge) this.#options.purge(purge);
    if (challenges)
      void this.#options.answer(challenges).then(
        () => this.#acme.answered(id),
        () => {},
      );
  }

  #adopt(stored: string): void {
    if (stored === this.#stored) return;
    this.#stored = stored;
    const secrets = secretsOf(stored);
    if (secrets === null) return;
    this.#tickets.adopt(secrets.tickets);
    this.#countKey = secrets.countKey;
    this.#options.adopt(this.secrets);
  }

  #up(): void {
    this.#failure = null;
    this.#since = Date.now();
    const { log } = this.#options;
    log.info(
      { redis: placeOf(this.#config!), replicas: this.#replicas.length },
      'shares its state by the Redis',
    );
    for (const one of this.#unpublished.splice(0)) void this.#tell(one);
  }

  #down(reason: string): void {
    const isNews = this.#failure === null || this.#failure !== reason;
    if (this.#failure === null) this.#since = Date.now();
    this.#failure = reason;
    if (!isNews) return;
    const fields = { redis: placeOf(this.#config!), reason };
    this.#options.log.error(fields, 'the Redis is away; limits and caches go on in this replica alone');
  }

  async #tell(one: News): Promise<void> {
    const { prefix } = this.#config!;
    const published = this.#link!.run('tell', [`${prefix}:news`], [JSON.stringify(one)]);
    await published.catch(() => {
      // Too many to publish one by one: purging everything includes them.
      if (this.#unpublished.length >= UNPUBLISHED_MAX)
        this.#unpublished = [{ from: this.#id, purge: EVERYTHING }];
      else this.#unpublished.push(one);
    });
  }
}

/** As it may be shown. */
export function placeOf({ hosts, sentinel, secure, database }: SharedConfig): string {
  const places = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  if (sentinel !== null) return `${sentinel.name} of the Sentinels ${places.join(', ')}`;
  return `${secure ? 'rediss' : 'redis'}://${places[0]}${database === 0 ? '' : `/${database}`}`;
}

const UNPUBLISHED_MAX = 200;
