import cluster from 'node:cluster';
import type { Logger } from 'pino';
import type { OutstandingChallenge } from '../acme/challenges.ts';
import { EVERYTHING } from '../cache/purge.ts';
import type { GatewayOptions } from '../contract.ts';
import type { FileContent } from '../files/content.ts';
import type { PlacedService } from '../model/config.ts';
import type { Capture } from '../model/exchanges.ts';
import { currentCapture } from '../observe/exchanges/inspector.ts';
import { UnderWayKeeper } from '../policy/concurrent/under-way-keeper.ts';
import type { Counts } from '../policy/rate-limit/counts.ts';
import type { SharedTexts } from '../policy/shared-texts.ts';
import { Refusal } from '../proxy/reloader.ts';
import { DatagramCarrier } from './datagram-carrier.ts';
import { HandedOver } from './handed-over.ts';
import type { AnswerTo, Departure, Given, Listening, PrimaryStatus, Question } from './messages.ts';
import { WorkerProcess } from './worker-process.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface FleetOptions {
  readonly configFile: string;
  readonly mode: GatewayOptions['mode'];
  readonly workers: number;
  readonly log: Logger;
  readonly primaryStatus: () => PrimaryStatus;
  /** @see KeptStates.adminSessions */
  readonly adminSessions: () => boolean;
  /** Where the services are that a cluster names. */
  readonly placed: () => readonly PlacedService[];
  /** Where all workers agree on counts. */
  readonly counts: Counts;
  readonly texts: SharedTexts;
  /** How long a worker may take until it takes connections. */
  readonly startTimeoutMs: number;
  /** A process has ended. */
  readonly ended: (worker: WorkerProcess) => void;
  /** Somebody has asked the worker of this slot to end. */
  readonly dismissed: (slot: WorkerSlot) => void;
}

/** All workers: the configured number of slots, and workers that are leaving. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly slots: readonly WorkerSlot[];
  readonly #living = new Set<WorkerProcess>();
  readonly #underWay = new UnderWayKeeper<WorkerProcess>();
  readonly #datagrams = new DatagramCarrier(() => this.ready());
  /** The content that they serve. */
  #content: FileContent;
  #listening: Listening | null = null;
  #challenges: readonly OutstandingChallenge[] = [];
  #drained: readonly string[] = [];
  #capture: Capture | null = null;
  #closed = false;

  constructor(options: FleetOptions, content: FileContent) {
    this.#options = options;
    this.#content = content;
    // With several workers the primary deals out connections (0043). A single worker accepts by itself, from a queue that its successor
    // shares.
    if (options.workers === 1) cluster.schedulingPolicy = cluster.SCHED_NONE;
    this.slots = Array.from({ length: options.workers }, () => this.#createSlot());
  }

  #createSlot(): WorkerSlot {
    return new WorkerSlot({
      log: this.#options.log,
      fork: () => this.#fork(),
      settled: (worker) => this.#settled(worker),
      changed: () => this.#datagrams.appoint(),
    });
  }

  /**
   * Starts the first worker alone, so that an obstacle is found and reported once; then all others together. @throws the error of its
   * gateway
   */
  async open(): Promise<void> {
    const [first, ...others] = this.slots;
    await first!.open();
    await Promise.all(others.map((slot) => slot.open()));
  }

  /** Where they listen. */
  get listening(): Listening {
    return this.#listening!;
  }

  /** Those that have not ended, the oldest first. */
  living(): WorkerProcess[] {
    return [...this.#living];
  }

  /** Those that take connections. */
  ready(): WorkerProcess[] {
    return this.living().filter(({ state }) => state === 'ready');
  }

  /** The answers of all that give one in time. */
  async askAll<Q extends Question>(question: Q, given: Given<Q>): Promise<AnswerTo<Q>[]> {
    const asked = this.living().filter(({ state }) => state === 'ready' || state === 'draining');
    const answers = await Promise.allSettled(asked.map((worker) => worker.ask(question, given)));
    return answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  /**
   * Applies a configuration. One worker tries it, and the others get it if that succeeded: all of them refuse it, or none.
   * @throws Refusal
   */
  async take(content: FileContent): Promise<void> {
    const [first, ...others] = await this.#try(content, this.ready());
    this.#content = content;
    if (first) await Promise.all(others.map((worker) => this.#give(worker, content)));
  }

  /** @returns the worker that has taken it, and those that are still to be asked. */
  async #try(content: FileContent, workers: readonly WorkerProcess[]): Promise<readonly WorkerProcess[]> {
    for (const [at, worker] of workers.entries()) {
      const result = await worker
        .ask('take', content, TAKE_MS)
        .catch((cause: Error) => this.#giveUp(worker, cause));
      if (result === null) continue;
      if (result.rejected !== null) throw new Refusal(result.rejected);
      worker.content = content;
      return workers.slice(at);
    }
    return [];
  }

  async #give(worker: WorkerProcess, content: FileContent): Promise<void> {
    const result = await worker
      .ask('take', content, TAKE_MS)
      .catch((cause: Error) => this.#giveUp(worker, cause));
    if (result === null) return;
    if (result.rejected === null) worker.content = content;
    // Others have taken it, and no two may serve different configurations.
    else this.#giveUp(worker, new Error(result.rejected));
  }

  /** Its successor starts with the same content as all others. */
  #giveUp(worker: WorkerProcess, cause: Error): null {
    if (worker.state === 'ended') return null;
    const fields = { worker: worker.pid, cause: cause.message };
    this.#options.log.error(
      fields,
      'a worker did not take the configuration that its peers took; it is ended',
    );
    worker.kill();
    return null;
  }

  /** A new worker takes the place, then the one that served there leaves. @throws why the new one did not come up. */
  async replace(slot: WorkerSlot, departure: Departure): Promise<void> {
    const previous = await slot.replace();
    if (previous === null) return;
    await this.#datagrams.handOver(previous, slot.worker!);
    void previous.leave(departure);
  }

  /** Resolves when all answer these challenges of an authority, and no others. */
  async answerChallenges(outstanding: readonly OutstandingChallenge[]): Promise<void> {
    this.#challenges = outstanding;
    await this.askAll('answerChallenges', outstanding);
  }

  get drained(): readonly string[] {
    return this.#drained;
  }

  /** Resolves when none of them gives these addresses new exchanges. */
  async drain(addresses: readonly string[]): Promise<void> {
    this.#drained = addresses;
    await this.askAll('drain', addresses);
  }

  get captured(): Capture | null {
    return currentCapture(this.#capture);
  }

  async capture(capture: Capture | null): Promise<void> {
    this.#capture = capture;
    await this.askAll('capture', capture);
  }

  sendPrimaryStatus(primaryStatus: PrimaryStatus): void {
    for (const worker of this.#living) worker.sendPrimaryStatus(primaryStatus);
  }

  /** Resolves when none is left. @returns whether everything under way ended in time. */
  async close(departure: Departure): Promise<boolean> {
    this.#closed = true;
    for (const slot of this.slots) slot.close();
    const left = await Promise.all(this.living().map((worker) => worker.leave(departure)));
    return left.every((inTime) => inTime);
  }

  /** For the very end of the process. */
  kill(): void {
    for (const worker of this.#living) worker.kill();
  }

  #fork(): WorkerProcess {
    const { configFile, mode, workers, primaryStatus, adminSessions, placed, startTimeoutMs } = this.#options;
    const assignment = {
      configFile,
      mode,
      workers,
      content: this.#content,
      listen: this.#listening,
      datagrams: this.#living.size === 0,
      primaryStatus: primaryStatus(),
      drained: this.#drained,
      adminSessions: adminSessions(),
      placed: placed(),
    };
    cluster.setupPrimary({ args: ['worker', '--config', configFile] });
    const forked = cluster.fork();
    const worker = new WorkerProcess(forked, assignment, this.#options, this.#underWay, startTimeoutMs);
    new HandedOver(forked, () => this.ready().some((one) => one !== worker));
    this.#living.add(worker);
    void worker.ended.then(() => {
      this.#living.delete(worker);
      this.#options.ended(worker);
    });
    worker.changed = (purges) => {
      for (const other of this.#living) if (other !== worker) other.changes.tell(purges);
    };
    worker.dismissed = () => {
      const slot = this.slots.find((one) => one.worker === worker);
      if (slot) this.#options.dismissed(slot);
    };
    return worker;
  }

  async #settled(worker: WorkerProcess): Promise<void> {
    if (this.#closed) worker.kill();
    this.#listening = await worker.up;
    // It took requests before it could hear of changes and purges. Its cache is small by now.
    await worker.ask('purge', EVERYTHING).catch(() => {});
    if (this.#challenges.length > 0) await worker.ask('answerChallenges', this.#challenges).catch(() => {});
    // Changes while it started.
    await worker.ask('drain', this.#drained).catch(() => {});
    if (this.captured !== null) await worker.ask('capture', this.captured).catch(() => {});
    await worker.ask('place', this.#options.placed()).catch(() => {});
    // A configuration may have been taken while it started.
    if (worker.content !== this.#content) await this.#give(worker, this.#content);
  }
}

/** Extensions are loaded with it, which may take their time. */
const TAKE_MS = 15_000;
