import { setTimeout as sleep } from 'node:timers/promises';
import { placeText } from '../config/lines.ts';
import { formatDuration } from '../log/units.ts';
import type { ServiceConfig, SourcePosition } from '../model/config.ts';
import type { ServiceState, ServiceStatus } from '../model/status.ts';
import { RestartDelay, type RestartPolicy, restartPolicy } from '../workers/restart-delay.ts';
import { FileWatch } from './file-watch.ts';
import { portsOfGroup } from './listening-sockets.ts';
import { untilAccepting } from './port-probe.ts';
import { type Exit, ProcessGroup } from './process-group.ts';
import { RecentLines } from './recent-lines.ts';
import { describeExit, startObstacle } from './run-failure.ts';

/** Receives a service's output and messages about it. */
export interface ServiceReport {
  line(service: string, text: string): void;
  notice(text: string): void;
}

/** Durations in milliseconds. */
export interface ServicePolicy {
  readonly restart: RestartPolicy;
  /** Between SIGTERM and SIGKILL. */
  readonly stopGraceMs: number;
  /** When to say that a service is still not ready: then, after twice as long, and so on. */
  readonly remindAfterMs: number;
}

export const servicePolicy: ServicePolicy = {
  restart: restartPolicy,
  stopGraceMs: 10_000,
  remindAfterMs: 10_000,
};

export interface ServiceOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly report: ServiceReport;
  readonly policy?: ServicePolicy;
}

/** A service that crashes once, when a file is half saved, is waited for still. */
const AWAITED_FAILURES = 1;
const shownLines = 5;
/** Processes left behind by a crash delay the next start, so they get less time than a service that we stop. */
const leftoverGraceMs = 2000;

/** One service of the configuration: started, watched, started again when it dies, until it is stopped. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #policy: ServicePolicy;
  readonly #delay: RestartDelay;
  readonly #stopping = new AbortController();
  readonly #settled = Promise.withResolvers<void>();
  readonly #output = new RecentLines();
  #config: ServiceConfig;
  #state: ServiceState = 'starting';
  #group: ProcessGroup | null = null;
  #lives = 0;
  #lastExit: ServiceStatus['lastExit'] = null;
  #obstacle: string | null = null;
  #running: Promise<void> = Promise.resolve();
  #watch: FileWatch | null = null;
  /** Somebody wants it to begin anew: it is ended, and started without a delay. */
  #anew = new AbortController();
  /** Whether SIGKILL was needed to end the run that a requested restart replaces. */
  #cleared: Promise<boolean> | null = null;
  /** Lives in a row that ended before it was ready. */
  #failures = 0;
  /** Its output before the crash, until it is ready again: a new start begins with other output. */
  #lastWords: readonly string[] | null = null;
  #end: Promise<void> | null = null;

  constructor(config: ServiceConfig, options: ServiceOptions) {
    this.#config = config;
    this.#options = options;
    this.#policy = options.policy ?? servicePolicy;
    this.#delay = new RestartDelay(this.#policy.restart);
  }

  get config(): ServiceConfig {
    return this.#config;
  }

  /** The same service stands in another line of the file now. */
  moveTo(source: SourcePosition): void {
    this.#config = { ...this.#config, source };
  }

  start(): void {
    this.#watchFiles();
    this.#running = this.#keepAlive();
  }

  /** Ends the process and starts it again at once, also where it waits for its next start. @param why `src/api.ts has changed` */
  restart(why: string): void {
    if (this.#stopping.signal.aborted || this.#anew.signal.aborted) return;
    this.#notice(`restarts: ${why}`);
    this.#state = 'restarting';
    this.#failures = 0;
    this.#lastExit = null;
    this.#lastWords = null;
    this.#obstacle = null;
    this.#anew.abort();
    this.#cleared = this.#group?.stop(this.#policy.stopGraceMs) ?? null;
  }

  /** Resolves when changes of its files are seen. */
  get watching(): Promise<void> {
    return this.#watch?.ready ?? Promise.resolve();
  }

  /** The lines that it wrote, oldest first. */
  lines(): readonly string[] {
    return this.#output.all();
  }

  /**
   * Whether a request may wait for it: it is starting, or started again, and has not failed to do so several times in a row.
   */
  get awaited(): boolean {
    if (this.#obstacle !== null || this.#failures > AWAITED_FAILURES) return false;
    return this.#state === 'starting' || this.#state === 'restarting';
  }

  /** Resolves when it is ready for the first time, or when it shows that this will take longer. Never rejects. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  status(): ServiceStatus {
    return {
      name: this.#config.name,
      port: this.#config.port,
      state: this.#state,
      pid: this.#group?.pid ?? null,
      restarts: Math.max(0, this.#lives - 1),
      lastExit: this.#lastExit,
      lastOutput: this.#lastWords ?? this.#output.newest(),
      ...(this.awaited && { awaited: true }),
      ...(this.#obstacle === null ? {} : { obstacle: this.#obstacle }),
    };
  }

  /** SIGTERM now, SIGKILL after the grace period; resolves when nothing of it is left. Later calls wait for the first. */
  stop(): Promise<void> {
    this.#end ??= this.#stopAndClean();
    return this.#end;
  }

  /** SIGKILL to all of it, now. */
  kill(): void {
    this.#watch?.close();
    this.#stopping.abort();
    this.#group?.kill();
  }

  async #stopAndClean(): Promise<void> {
    this.#state = 'stopping';
    this.#watch?.close();
    this.#stopping.abort();
    const { stopGraceMs } = this.#policy;
    if (await this.#group?.stop(stopGraceMs)) {
      this.#notice(`did not stop within ${formatDuration(stopGraceMs)} and was killed`);
    }
    await this.#running;
    this.#group = null;
    this.#state = 'stopped';
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      this.#anew = new AbortController();
      const goodMs = (await this.#isHindered()) || signal.aborted ? 0 : await this.#live();
      this.#settled.resolve();
      if (signal.aborted) return;
      if (this.#anew.signal.aborted) continue;
      const delayMs = this.#delay.next(goodMs);
      if (this.#obstacle === null) this.#notice(`starts again in ${formatDuration(delayMs)}`);
      const woken = AbortSignal.any([signal, this.#anew.signal]);
      await sleep(delayMs, undefined, { signal: woken }).catch(() => {});
    }
  }

  #watchFiles(): void {
    const { cwd: folder, watch: patterns } = this.#config;
    if (patterns.length === 0) return;
    const changed = (file: string) => this.restart(`${file} has changed`);
    const failed = (error: Error) => this.#notice(`can't watch its files: ${error.message}`);
    this.#watch = new FileWatch({ folder, patterns, changed, failed });
  }

  /** A start that can't succeed is not tried. The reason is reported once, and checked again with growing delay. */
  async #isHindered(): Promise<boolean> {
    const obstacle = await startObstacle(this.#config);
    if (obstacle !== null && obstacle !== this.#obstacle) this.#notice(`can't start: ${obstacle}`);
    this.#obstacle = obstacle;
    return obstacle !== null;
  }

  /** From the start to the end of one process. @returns how long it was ready, in milliseconds. */
  async #live(): Promise<number> {
    // A request to restart that came until now is fulfilled by this start.
    this.#anew = new AbortController();
    this.#cleared = null;
    const group = this.#launch();
    if (group === null) return 0;
    const over = new AbortController();
    const watching = this.#watchReadiness(AbortSignal.any([over.signal, this.#stopping.signal]));
    const exit = await group.ended;
    over.abort();
    const readyAt = await watching;
    const goodMs = readyAt === null ? 0 : performance.now() - readyAt;
    this.#failures = readyAt === null ? this.#failures + 1 : 0;
    if (this.#anew.signal.aborted) await this.#clear(group);
    else if (!this.#stopping.signal.aborted) await this.#bury(group, exit);
    return goodMs;
  }

  #launch(): ProcessGroup | null {
    const { run: commandLine, cwd } = this.#config;
    this.#lives++;
    this.#output.beginLife();
    try {
      const onLine = (line: string) => this.#hear(line);
      this.#group = new ProcessGroup({ commandLine, cwd, env: this.#options.env, onLine });
    } catch (error) {
      // Too long a command line, no descriptors left: the system refuses before there is a process.
      this.#notice(`could not be started: ${(error as Error).message}`);
    }
    return this.#group;
  }

  #hear(line: string): void {
    this.#output.add(line);
    this.#options.report.line(this.#config.name, line);
  }

  /** @returns when it became ready, or `null` where it ended before. */
  async #watchReadiness(over: AbortSignal): Promise<number | null> {
    const { port } = this.#config;
    const startedAt = performance.now();
    const decided = new AbortController();
    const reminding = this.#remind(AbortSignal.any([over, decided.signal]));
    const ready = port === null || (await untilAccepting(port, over));
    decided.abort();
    await reminding;
    if (!ready || over.aborted || this.#anew.signal.aborted) return null;
    this.#becomeReady(performance.now() - startedAt);
    return performance.now();
  }

  #becomeReady(tookMs: number): void {
    const { port } = this.#config;
    const restarts = this.#lives - 1;
    const again = restarts === 0 ? '' : ` again after ${restarts} restart${restarts === 1 ? '' : 's'}`;
    this.#state = 'ready';
    this.#lastWords = null;
    this.#notice(
      port === null ? `runs${again}` : `is ready${again}: port ${port}, ${formatDuration(tookMs)}`,
    );
    this.#settled.resolve();
  }

  async #remind(enough: AbortSignal): Promise<void> {
    let waitedMs = 0;
    for (;;) {
      const pauseMs = Math.max(waitedMs, this.#policy.remindAfterMs);
      await sleep(pauseMs, undefined, { signal: enough }).catch(() => {});
      if (enough.aborted) return;
      waitedMs += pauseMs;
      const waited = `still not ready on ${this.#config.port} after ${formatDuration(waitedMs)}`;
      const elsewhere = await this.#listensElsewhere();
      if (enough.aborted) return;
      this.#notice(`is ${waited}${elsewhere}${this.#output.describe(shownLines)}`);
      this.#settled.resolve();
    }
  }

  async #listensElsewhere(): Promise<string> {
    const pid = this.#group?.pid ?? null;
    const ports = pid === null ? [] : await portsOfGroup(pid);
    if (ports.length === 0) return '';
    const { port, source } = this.#config;
    return `: it listens on ${ports.join(', ')} instead; write that in ${placeText(source)}, or have it listen on ${port}`;
  }

  /** Reports how it ended, and ends leftover processes, which may still hold the port. */
  async #bury(group: ProcessGroup, exit: Exit): Promise<void> {
    this.#state = 'restarting';
    this.#lastExit = { ...exit, at: Date.now() };
    this.#lastWords = this.#output.newest();
    // Its lines were shown as they came.
    this.#notice(`${describeExit(exit, this.#config)}${this.#output.isSilent ? '; it wrote nothing' : ''}`);
    await group.stop(leftoverGraceMs);
    this.#group = null;
  }

  /** All of it must have gone before the next one starts, which wants the port. */
  async #clear(group: ProcessGroup): Promise<void> {
    this.#failures = 0;
    const { stopGraceMs } = this.#policy;
    const killed = await (this.#cleared ?? group.stop(stopGraceMs));
    if (killed) this.#notice(`did not stop within ${formatDuration(stopGraceMs)} and was killed`);
    this.#group = null;
  }

  #notice(text: string): void {
    this.#options.report.notice(`${this.#config.name} ${text}`);
  }
}
