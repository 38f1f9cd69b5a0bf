import type { Worker } from 'node:cluster';
import { arePurges, type Purge } from '../cache/purge.ts';
import type { FileContent } from '../files/content.ts';
import type { Reading } from '../observe/metrics/reading.ts';
import type { UnderWayKeeper } from '../policy/concurrent/under-way-keeper.ts';
import type { Counts } from '../policy/rate-limit/counts.ts';
import { isTextQuestion, type SharedTexts } from '../policy/shared-texts.ts';
import {
  type AnswerTo,
  type Assignment,
  type Departure,
  type FromWorker,
  type Given,
  isMessage,
  type Listening,
  type PrimaryStatus,
  type Question,
  type ToWorker,
} from './messages.ts';
import { errorOf } from './start-failure.ts';
import { ToldChanges } from './told-changes.ts';

/** `starting`: accepts no connections yet. `draining`: accepts no more. */
export type WorkerState = 'starting' | 'ready' | 'draining' | 'ended';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly livedMs: number;
}

interface Waiting {
  /** The received part of a long answer. */
  json: string;
  readonly timer: NodeJS.Timeout;
  readonly settle: (answer: unknown) => void;
  readonly fail: (cause: Error) => void;
}

/** One worker as the primary sees it. */
export class WorkerProcess {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly since = Date.now();
  /** Resolves when it accepts connections. Rejects with its gateway's error, or with how it ended or hung. */
  readonly up: Promise<Listening>;
  readonly ended: Promise<Ending>;
  /** The configuration that it serves, or begins with. */
  content: FileContent;
  state: WorkerState = 'starting';
  /** Its last counters. */
  reading: Reading | null = null;
  /** Whether it did not answer the last question in time. */
  silent = false;
  /** Called with what others have to forget after a change that it carried. */
  changed: (purges: readonly Purge[]) => void = () => {};
  /** Changes that others carried, for it to forget. */
  readonly changes = new ToldChanges((purges, gone) => this.#tell({ kind: 'changed', purges }, gone));
  /** Called when somebody else than us wants it to end. */
  dismissed: () => void = () => {};
  readonly #counts: Counts;
  readonly #texts: SharedTexts;
  readonly #underWay: UnderWayKeeper<WorkerProcess>;
  readonly #worker: Worker;
  readonly #assignment: Assignment;
  readonly #startedAt = performance.now();
  readonly #up = Promise.withResolvers<Listening>();
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;
  #finishedInTime = false;

  constructor(
    worker: Worker,
    assignment: Assignment,
    { counts, texts }: { readonly counts: Counts; readonly texts: SharedTexts },
    underWay: UnderWayKeeper<WorkerProcess>,
    startTimeoutMs: number,
  ) {
    this.#worker = worker;
    this.#counts = counts;
    this.#texts = texts;
    this.#underWay = underWay;
    this.#assignment = assignment;
    this.pid = worker.process.pid ?? 0;
    this.content = assignment.content;
    this.ended = this.#ended.promise;
    this.up = this.#up.promise;
    // A rejection is handled by whoever awaits it; if nobody does, it is no error.
    this.up.catch(() => {});
    const timer = setTimeout(() => this.#giveUp(startTimeoutMs), startTimeoutMs);
    const settled = () => clearTimeout(timer);
    this.up.then(settled, settled);
    worker
      .on('message', (message: unknown) => this.#heard(message))
      .on('exit', (code: number | null, signal: string | null) => this.#exited(code, signal))
      .on('error', (cause: Error) => this.#failed(cause));
  }

  /** @throws Error when it does not answer in time, can't, or has ended. */
  async ask<Q extends Question>(question: Q, given: Given<Q>, withinMs = PATIENCE_MS): Promise<AnswerTo<Q>> {
    const id = ++this.#questions;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      this.silent = true;
      reject(new Error(`worker ${this.pid} did not answer within ${withinMs} ms`));
    }, withinMs);
    this.#waiting.set(id, { settle: resolve, fail: reject, json: '', timer });
    this.#tell({ kind: 'ask', id, question, given });
    try {
      return (await promise) as AnswerTo<Q>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  sendPrimaryStatus(primaryStatus: PrimaryStatus): void {
    this.#tell({ kind: 'primary-status', primaryStatus });
  }

  /** Lets it finish its exchanges, and kills it if it does not end. @returns whether all exchanges ended in time */
  async leave(departure: Departure): Promise<boolean> {
    if (this.state === 'ready' || this.state === 'starting') this.state = 'draining';
    this.#up.reject(new Error(`worker ${this.pid} was told to end`));
    this.#tell({ kind: 'leave', ...departure });
    const timer = setTimeout(() => this.kill(), departure.deadlineMs + OVERTIME_MS);
    await this.ended;
    clearTimeout(timer);
    return this.#finishedInTime;
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  #tell(message: ToWorker, sent: () => void = () => {}): void {
    if (!this.#worker.isConnected()) return this.#forsake(`worker ${this.pid} has gone`);
    // It may go at this very moment; then `exit` comes.
    this.#worker.send(message, () => sent());
  }

  #heard(received: unknown): void {
    if (!isMessage(received)) return;
    const message = received as FromWorker;
    switch (message.kind) {
      case 'here':
        return this.#tell({ kind: 'begin', assignment: this.#assignment });
      case 'serving':
        if (this.state === 'starting') this.state = 'ready';
        return this.#up.resolve(message.listening);
      case 'failed':
        return this.#up.reject(errorOf(message.failure));
      case 'piece':
        return this.#heardPiece(message);
      case 'answer':
        this.silent = false;
        return this.#heardAnswer(message);
      case 'no answer':
        return this.#waiting.get(message.id)?.fail(new Error(message.cause));
      case 'counts':
        return void this.#count(message);
      case 'under-way':
        if (!areReports(message.reports)) return;
        return this.#tell({
          kind: 'counted',
          id: message.id,
          states: this.#underWay.settle(this, message.reports),
        });
      case 'text':
        return void this.#tellText(message);
      case 'changed':
        if (arePurges(message.purges)) this.changed(message.purges);
        return;
      case 'dismissed':
        return this.dismissed();
      case 'finished':
        this.#finishedInTime = message.inTime;
        this.reading = message.reading ?? this.reading;
    }
  }

  /** It speaks still. */
  #heardPiece({ id, text }: Extract<FromWorker, { kind: 'piece' }>): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.json += text;
    waiting.timer.refresh();
  }

  #heardAnswer({ id, answer }: Extract<FromWorker, { kind: 'answer' }>): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    try {
      waiting.settle(waiting.json === '' ? answer : JSON.parse(waiting.json));
    } catch (cause) {
      waiting.fail(cause as Error);
    }
  }

  /** Extensions may send anything on the same channel. */
  async #count({ id, reports }: Extract<FromWorker, { kind: 'counts' }>): Promise<void> {
    if (!areReports(reports)) return;
    this.#tell({ kind: 'counted', id, states: await this.#counts.settle(reports) });
  }

  async #tellText({ id, question }: Extract<FromWorker, { kind: 'text' }>): Promise<void> {
    if (!isTextQuestion(question)) return;
    const answer = await this.#texts.ask(question).then(
      (text) => ({ text, failure: null }),
      (cause: Error) => ({ text: null, failure: cause.message }),
    );
    this.#tell({ kind: 'text told', id, ...answer });
  }

  /** Forking failed, which emits no `exit`; or a message could not be sent to an ending worker. */
  #failed(cause: Error): void {
    this.#up.reject(cause);
    if (this.pid === 0) this.#exited(null, null);
  }

  #giveUp(timeoutMs: number): void {
    this.#up.reject(new Error(`worker ${this.pid} was not ready within ${timeoutMs} ms`));
    this.kill();
  }

  #exited(code: number | null, signal: string | null): void {
    this.state = 'ended';
    this.#underWay.release(this);
    const livedMs = performance.now() - this.#startedAt;
    this.#up.reject(
      new Error(`worker ${this.pid} ended with ${signal ?? `code ${code}`} before it was ready`),
    );
    this.#forsake(`worker ${this.pid} has ended`);
    this.#ended.resolve({ code, signal, livedMs });
  }

  #forsake(why: string): void {
    for (const { fail } of this.#waiting.values()) fail(new Error(why));
  }
}

/** A client of the admin listener waits for the answer. */
const PATIENCE_MS = 1_000;
/** Time beyond its deadline for a worker to close its ports and write its last lines. */
const OVERTIME_MS = 2_000;

function areReports(reports: unknown): boolean {
  return Array.isArray(reports) && reports.every(Array.isArray);
}
