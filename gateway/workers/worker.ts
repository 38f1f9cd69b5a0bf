import type { Logger } from 'pino';
import { loadContent } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import type { GatewayOptions, WorkerGateway } from '../contract.ts';
import { startWorkerGateway } from '../gateway.ts';
import { hasMany, jsonChunks } from '../observe/json-pieces.ts';
import type { OthersUnderWay } from '../policy/concurrent/under-way-keeper.ts';
import type { Counts } from '../policy/rate-limit/counts.ts';
import type { SharedTexts } from '../policy/shared-texts.ts';
import type { WorkerContext } from '../proxy/worker-context.ts';
import { closeFailedPorts } from './failed-ports.ts';
import {
  type AnswerTo,
  type Assignment,
  type Departure,
  type FromWorker,
  type Given,
  isMessage,
  type PrimaryStatus,
  type Question,
  type ToWorker,
} from './messages.ts';
import { shareOf } from './share.ts';
import { failureOf } from './start-failure.ts';
import { ToldChanges } from './told-changes.ts';

export interface WorkerOptions {
  readonly env: GatewayOptions['env'];
  /** Called when the log's configuration is known. */
  readonly createLog: (assignment: Assignment) => Promise<Logger>;
}

/**
 * The process of a worker: runs a gateway and obeys its primary. When the primary has gone, Node ends the worker
 * (https://nodejs.org/api/cluster.html#event-disconnect), as nothing accepts connections for it any more.
 */
export class WorkerProgram {
  readonly #options: WorkerOptions;
  readonly #ended = Promise.withResolvers<void>();
  #primaryStatus: PrimaryStatus | null = null;
  #gateway: WorkerGateway | null = null;
  #answers: Answers | null = null;
  /** Questions about counts, by their numbers. */
  readonly #asked = new Map<number, (states: readonly (readonly [number, number])[]) => void>();
  readonly #changes = new ToldChanges((purges, gone) => tell({ kind: 'changed', purges }, gone));
  readonly #textsAsked = new Map<number, PromiseWithResolvers<string | null>>();
  #questions = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Resolves when it was told to end, and has ended. */
  async run(): Promise<void> {
    closeFailedPorts();
    process.on('message', (message: unknown) => {
      if (isMessage(message)) void this.#heard(message as ToWorker);
    });
    tell({ kind: 'here' });
    await this.#ended.promise;
  }

  /** The primary decides its end. */
  dismiss(): void {
    tell({ kind: 'dismissed' });
  }

  async #heard(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'begin':
        return this.#begin(message.assignment);
      case 'ask':
        return this.#answer(message);
      case 'primary-status':
        this.#primaryStatus = message.primaryStatus;
        this.#gateway?.adopt(message.primaryStatus.secrets);
        return;
      case 'counted':
        this.#asked.get(message.id)?.(message.states);
        this.#asked.delete(message.id);
        return;
      case 'text told': {
        const { id, text, failure } = message;
        const asked = this.#textsAsked.get(id);
        this.#textsAsked.delete(id);
        return failure === null ? asked?.resolve(text) : asked?.reject(new Error(failure));
      }
      case 'changed':
        for (const purge of message.purges) void this.#gateway?.purge(purge);
        return;
      case 'leave':
        return this.#leave(message);
    }
  }

  async #begin(assignment: Assignment): Promise<void> {
    const { configFile, mode, primaryStatus } = assignment;
    const { env } = this.#options;
    this.#primaryStatus = primaryStatus;
    try {
      const log = await this.#options.createLog(assignment);
      const services = () => this.#primaryStatus!.services;
      const options = { configFile, env, mode, log, services };
      this.#gateway = await startWorkerGateway(options, this.#context(assignment));
      this.#answers = answersOf(this.#gateway);
      tell({ kind: 'serving', listening: this.#gateway.address });
    } catch (cause) {
      tell({ kind: 'failed', failure: failureOf(cause) });
      this.#ended.resolve();
    }
  }

  #context({
    content,
    listen,
    datagrams,
    workers,
    drained,
    adminSessions,
    placed,
  }: Assignment): WorkerContext {
    return {
      counts: this.#counts(),
      texts: this.#texts(),
      others: workers > 1 ? this.#others(workers) : null,
      changed: (purges) => this.#changes.tell(purges),
      content,
      listen,
      datagrams,
      tickets: this.#primaryStatus!.secrets.tickets,
      drained,
      adminSessions,
      placed,
      share: (config) => shareOf(config, workers),
      configStatus: () => this.#primaryStatus!.config,
    };
  }

  #counts(): Counts {
    const status = () => this.#primaryStatus!;
    return {
      get key() {
        return status().secrets.countKey;
      },
      get processes() {
        return status().processes;
      },
      settle: (reports) => this.#settle((id) => ({ kind: 'counts', id, reports })),
    };
  }

  #texts(): SharedTexts {
    return {
      ask: (question) => {
        const id = ++this.#questions;
        const asked = Promise.withResolvers<string | null>();
        this.#textsAsked.set(id, asked);
        tell({ kind: 'text', id, question });
        return asked.promise;
      },
    };
  }

  #others(processes: number): OthersUnderWay {
    const status = () => this.#primaryStatus!;
    return {
      processes,
      get key() {
        return status().secrets.countKey;
      },
      settle: (reports) => this.#settle((id) => ({ kind: 'under-way', id, reports })),
    };
  }

  /** A question without an answer never settles: the caller has a timeout of its own. */
  #settle(question: (id: number) => FromWorker): Promise<readonly (readonly [number, number])[]> {
    const id = ++this.#questions;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      tell(question(id));
    });
  }

  async #answer({ id, question, given }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
    try {
      const answer = await (this.#answers![question] as (given: unknown) => unknown)(given);
      if (!hasMany(answer)) return tell({ kind: 'answer', id, answer });
      const { slice } = this.#gateway!;
      for (const text of jsonChunks(answer, '')) {
        tell({ kind: 'piece', id, text });
        if (slice.isOver) await slice.next();
      }
      tell({ kind: 'answer', id, answer: null });
    } catch (cause) {
      tell({ kind: 'no answer', id, cause: cause instanceof Error ? cause.message : String(cause) });
    }
  }

  async #leave({ deadlineMs, gently }: Departure): Promise<void> {
    const gateway = this.#gateway;
    const inTime = gently ? await gateway?.giveWay(deadlineMs) : await gateway?.close(deadlineMs);
    const reading = (await gateway?.reading()) ?? null;
    this.#changes.flush();
    tell({ kind: 'finished', inTime: inTime ?? true, reading }, () => this.#ended.resolve());
  }
}

/** How a worker answers each of the primary's questions. */
type Answers = { readonly [Q in Question]: (given: Given<Q>) => AnswerTo<Q> | Promise<AnswerTo<Q>> };

function answersOf(gateway: WorkerGateway): Answers {
  return {
    figure: (figure) => gateway.figure(figure),
    reading: () => gateway.reading(),
    purge: (purge) => gateway.purge(purge),
    exchanges: (query) => gateway.exchanges.find(query),
    exchange: ({ id, bodies }) => gateway.exchanges.one(id, bodies),
    keptRequest: (id) => gateway.exchanges.request(id),
    capture: (capture) => {
      gateway.exchanges.capture(capture);
      return null;
    },
    messages: (query) => gateway.exchanges.messages(query),
    compared: (query) => gateway.compared(query),
    take: (content) => gateway.take(content),
    answerChallenges: (outstanding) => {
      gateway.answerChallenges(outstanding);
      return null;
    },
    drain: async (addresses) => {
      await gateway.drain(addresses);
      return null;
    },
    place: (services) => {
      gateway.place(services);
      return null;
    },
    carryDatagrams: async (carries) => {
      await gateway.carryDatagrams(carries);
      return null;
    },
  };
}

/** Where the primary has gone, so have we in a moment. */
function tell(message: FromWorker, sent: () => void = () => {}): void {
  if (!process.connected) return sent();
  process.send?.(message, undefined, undefined, () => sent());
}

/** @throws ConfigError */
export async function configOf({ content, configFile }: Assignment, env: GatewayOptions['env']) {
  const loaded = await loadContent(content, configFile, env);
  if (!loaded.ok) throw new ConfigError(loaded.problems);
  return loaded.config;
}
