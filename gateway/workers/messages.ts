/**
 * Messages between a primary and its workers, as plain data, since they go through JSON.
 *
 * To let the primary ask something more of each worker, add a row to `Questions`; worker.ts then lacks the worker's side of it, and
 * `Fleet.askAll(name)` has the answers. Anything that is only shown is a figure (observe/figures.ts), and needs nothing here.
 */

import type { OutstandingChallenge } from '../acme/challenges.ts';
import type { Purge } from '../cache/purge.ts';
import type { GatewayOptions } from '../contract.ts';
import type { FileContent } from '../files/content.ts';
import type { PlacedService } from '../model/config.ts';
import type {
  Capture,
  ComparedList,
  ComparedQuery,
  ExchangeList,
  ExchangeQuery,
  ExchangeView,
  KeptRequest,
  MessageList,
  MessageQuery,
} from '../model/exchanges.ts';
import type { ConfigStatus, ServiceStatus } from '../model/status.ts';
import type { FigureName } from '../observe/figures.ts';
import type { Reading } from '../observe/metrics/reading.ts';
import type { UnderWayReport, UnderWayState } from '../policy/concurrent/under-way-keeper.ts';
import type { CountReport, CountState } from '../policy/rate-limit/counts.ts';
import type { TextQuestion } from '../policy/shared-texts.ts';
import type { ReloadResult } from '../proxy/reloader.ts';
import type { Secrets } from '../shared/messages.ts';
import type { StartFailure } from './start-failure.ts';

/** Questions of the primary to a worker, by name: the argument and the answer. */
interface Questions {
  /** @see FIGURES in observe/figures.ts */
  readonly figure: Exchange<FigureName, unknown>;
  /** Its counters and gauges. */
  readonly reading: Exchange<null, Reading>;
  /** How many URLs were forgotten. */
  readonly purge: Exchange<Purge, number>;
  /** Those of its exchanges that are meant. */
  readonly exchanges: Exchange<ExchangeQuery, ExchangeList>;
  /** One exchange by its id; `null`: it is another worker's, or gone. */
  readonly exchange: Exchange<{ readonly id: string; readonly bodies: boolean }, ExchangeView | null>;
  /** The same as it came, to be sent again. */
  readonly keptRequest: Exchange<string, KeptRequest | null>;
  /** Which bodies to keep from now on; `null`: none. */
  readonly capture: Exchange<Capture | null, null>;
  readonly messages: Exchange<MessageQuery, MessageList>;
  readonly compared: Exchange<ComparedQuery, ComparedList>;
  /** To put a configuration to work. */
  readonly take: Exchange<FileContent, ReloadResult>;
  /** To answer those that an authority asks for, from now on. */
  readonly answerChallenges: Exchange<readonly OutstandingChallenge[], null>;
  /** To give these addresses, and no others, no new exchanges from now on. */
  readonly drain: Exchange<readonly string[], null>;
  /** To know from now on where the services are that a cluster names. */
  readonly place: Exchange<readonly PlacedService[], null>;
  /** To open the UDP ports, or to let go of them. */
  readonly carryDatagrams: Exchange<boolean, null>;
}

interface Exchange<Given, Answer> {
  readonly given: Given;
  readonly answer: Answer;
}

export type Question = keyof Questions;
export type Given<Q extends Question> = Questions[Q]['given'];
export type AnswerTo<Q extends Question> = Questions[Q]['answer'];

/** The primary's status, which workers show on the gateway's page and in error answers. */
export interface PrimaryStatus {
  readonly services: readonly ServiceStatus[];
  readonly config: ConfigStatus;
  /** Secrets that all workers share: the key of party tags, and the keys of session tickets. */
  readonly secrets: Secrets;
  /** How many count together, in all replicas. */
  readonly processes: number;
}

/** Where a gateway listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** The first message to a worker. */
export interface Assignment {
  readonly configFile: string;
  readonly content: FileContent;
  readonly mode: GatewayOptions['mode'];
  /** `null`: nothing listens yet, so the configuration decides. */
  readonly listen: Listening | null;
  readonly datagrams: boolean;
  /** The number of workers that share configured bounds. */
  readonly workers: number;
  readonly primaryStatus: PrimaryStatus;
  /** Addresses that get no new exchanges. */
  readonly drained: readonly string[];
  /** @see KeptStates.adminSessions */
  readonly adminSessions: boolean;
  /** Where the services are that a cluster names. */
  readonly placed: readonly PlacedService[];
}

export type ToWorker =
  | { readonly kind: 'begin'; readonly assignment: Assignment }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question; readonly given: unknown }
  | { readonly kind: 'primary-status'; readonly primaryStatus: PrimaryStatus }
  /** The answer to `counts` and `under-way`. */
  | {
      readonly kind: 'counted';
      readonly id: number;
      readonly states: readonly CountState[] | readonly UnderWayState[];
    }
  /** The answer to `text`. @property failure why there is none; `null`: there is one */
  | {
      readonly kind: 'text told';
      readonly id: number;
      readonly text: string | null;
      readonly failure: string | null;
    }
  /** What to forget after a change that another worker has carried. */
  | { readonly kind: 'changed'; readonly purges: readonly Purge[] }
  /** @see Departure */
  | ({ readonly kind: 'leave' } & Departure);

/** How a worker is to end. */
export interface Departure {
  readonly deadlineMs: number;
  /** Others serve on the same ports, so idle and long-lived connections have time until the deadline. */
  readonly gently: boolean;
}

export type FromWorker =
  /** It has loaded its code. */
  | { readonly kind: 'here' }
  | { readonly kind: 'serving'; readonly listening: Listening }
  | { readonly kind: 'failed'; readonly failure: StartFailure }
  /** Of an answer that is long: the next piece of its JSON. The last one is followed by `answer`, which has nothing itself. */
  | { readonly kind: 'piece'; readonly id: number; readonly text: string }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'no answer'; readonly id: number; readonly cause: string }
  /** Passed and waiting requests of parties; one question at a time for each kind of party. */
  | { readonly kind: 'counts'; readonly id: number; readonly reports: readonly CountReport[] }
  /** Exchanges under way and waiting of parties; one question at a time for each limit. */
  | { readonly kind: 'under-way'; readonly id: number; readonly reports: readonly UnderWayReport[] }
  /** A text shared by replicas. */
  | { readonly kind: 'text'; readonly id: number; readonly question: TextQuestion }
  /** For the other workers. */
  | { readonly kind: 'changed'; readonly purges: readonly Purge[] }
  /** Somebody else than the primary wants it to end. */
  | { readonly kind: 'dismissed' }
  /**
   * @property inTime whether everything under way came to its end before the deadline.
   * @property reading all that it ever counted; `null`: it never served.
   */
  | { readonly kind: 'finished'; readonly inTime: boolean; readonly reading: Reading | null };

/** Extensions may send anything on the same channel. */
export function isMessage(value: unknown): value is { readonly kind: string } {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
