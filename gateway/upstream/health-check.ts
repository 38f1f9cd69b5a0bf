import type { DialAddress, HealthConfig } from '../model/config.ts';
import { askHealth, type Finding } from './health-question.ts';

/** `unknown` counts as healthy: that the gateway has just started is no outage. */
export type HealthState = 'unknown' | 'healthy' | 'unhealthy';

/**
 * Asks one endpoint again and again how it is, and changes its mind only when several answers in a row say so. The first question goes out at
 * once, and the first good answer is believed at once.
 */
export class HealthCheck {
  readonly #address: DialAddress;
  readonly #config: HealthConfig;
  /** Called for each change of state, and when the endpoint becomes reachable or unreachable. */
  readonly #changed: () => void;
  #state: HealthState = 'unknown';
  #reached = true;
  /** Good answers in a row. */
  #well = 0;
  /** Bad answers in a row, the newest of them, and when they began (milliseconds since the epoch). */
  #ill = 0;
  #problem = '';
  #illSince = 0;
  #giveUp: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(address: DialAddress, config: HealthConfig, changed: () => void) {
    this.#address = address;
    this.#config = config;
    this.#changed = changed;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** Whether the newest question reached anybody. */
  get reached(): boolean {
    return this.#reached;
  }

  /** `GET /healthz 503 ×3 since 14:01:07`; `null` while the newest answer is a good one. */
  get reason(): string | null {
    if (this.#ill === 0) return null;
    const since = new Date(this.#illSince).toTimeString().slice(0, 'hh:mm:ss'.length);
    return `${this.#problem} ×${this.#ill} since ${since}`;
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#giveUp();
  }

  #ask(): void {
    const askedAt = performance.now();
    this.#giveUp = askHealth(this.#address, this.#config, (finding) => {
      this.#askAgain(askedAt);
      this.#note(finding);
    });
  }

  /** Replicas, and endpoints that were added together, must not all ask at the same instant. */
  #askAgain(askedAt: number): void {
    const intervalMs = this.#config.intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    const tookMs = performance.now() - askedAt;
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, intervalMs - tookMs)).unref();
  }

  #note(finding: Finding): void {
    if (finding.kind === 'unasked') return;
    if (finding.kind === 'well') this.#noteWell();
    else this.#noteIll(finding.problem);
    this.#reach(finding.kind === 'well' || finding.reached);
  }

  #noteWell(): void {
    this.#ill = 0;
    this.#well++;
    if (this.#state === 'unknown' || this.#well >= this.#config.healthyAfter) this.#become('healthy');
  }

  #noteIll(problem: string): void {
    this.#well = 0;
    if (this.#ill++ === 0) this.#illSince = Date.now();
    this.#problem = problem;
    if (this.#ill >= this.#config.unhealthyAfter) this.#become('unhealthy');
  }

  /** From failing to dead, or back. */
  #reach(reached: boolean): void {
    if (reached === this.#reached) return;
    this.#reached = reached;
    this.#changed();
  }

  #become(state: HealthState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#changed();
  }
}

/** To either side of the interval. */
const JITTER = 0.1;
