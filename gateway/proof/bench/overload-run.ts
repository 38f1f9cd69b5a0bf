import { fileURLToPath } from 'node:url';
import { cpuMicroseconds } from '../testing/cpu.ts';
import type { Child } from './children.ts';
import type { OpenLoadPlan, OpenLoadResult } from './open-load.ts';
import { freePort, untilAnswers } from './readiness.ts';
import { Workspace } from './workspace.ts';

export interface OverloadRunOptions {
  readonly rounds: number;
  readonly connections: number;
  /** Measured in each load. */
  readonly seconds: number;
  /** How many times the peak is offered. */
  readonly times: number;
  /** Whether clients wait as long as a 503 tells them to. */
  readonly heedsRetryAfter: boolean;
  readonly lane: string;
  /** Where the machine is shared, the time in which the gateway waits for a CPU can be left out. */
  readonly clock: OpenLoadPlan['clock'];
}

export interface OverloadFigures {
  /** Requests a second: the median of the rounds. */
  readonly peak: number;
  /** Goodput over the peak of the same round: the median of the rounds. */
  readonly goodputShare: number;
  readonly goodputShareWithout: number;
  /** The same, both for each second of the gateway's CPU time. */
  readonly goodputShareOfCpu: number;
  readonly goodputShareOfCpuWithout: number;
  readonly rounds: readonly OverloadRound[];
}

export interface OverloadRound {
  readonly peak: number;
  /** The same for each second of the gateway's CPU time: what a shared machine does not take away. */
  readonly peakPerCpu: number;
  readonly shedding: OpenLoadResult;
  readonly without: OpenLoadResult;
}

/** Two gateways, one with `overload:` on and one with it off, before one service; one of them is loaded at a time. */
export class OverloadRun {
  readonly #options: OverloadRunOptions;
  readonly #workspace = new Workspace();

  constructor(options: OverloadRunOptions) {
    this.#options = options;
  }

  async run(report: (line: string) => void): Promise<OverloadFigures> {
    try {
      const service = await this.#startService();
      const without = await this.#startGateway('without', service, 'off');
      const stretch = await this.#stretch(without);
      report(`times of the gateway are ${stretch.toFixed(1)} times as long as by default`);
      const bounds = `{ eventLoopDelay: ${Math.round(200 * stretch)}ms, retryAfter: ${Math.round(1000 * stretch)}ms }`;
      const shedding = await this.#startGateway('shedding', service, bounds);
      const rounds: OverloadRound[] = [];
      for (let round = 0; round < this.#options.rounds; round++) {
        const figures = await this.#round(shedding, without);
        rounds.push(figures);
        report(roundText(figures));
      }
      return summary(rounds);
    } finally {
      await this.#workspace.close();
    }
  }

  /** How many seconds of the wall a second of the gateway's CPU time takes: where that is the clock, its own times must go with it. */
  async #stretch(gateway: Gateway): Promise<number> {
    if (this.#options.clock === 'wall') return 1;
    const began = performance.now();
    const before = cpuMicroseconds(gateway.child.pid);
    await this.#peak(gateway);
    return ((performance.now() - began) * 1000) / (cpuMicroseconds(gateway.child.pid) - before);
  }

  /**
   * The peak before and after, because the machine may be shared. It is that of as many connections: each of a thousand costs more than each
   * of a few, with and without overload, and that is another question.
   */
  async #round(shedding: Gateway, without: Gateway): Promise<OverloadRound> {
    const before = await this.#peak(without);
    const rate = Math.round(before.rate * this.#options.times);
    const withShedding = await this.#offer(shedding, rate);
    const withoutShedding = await this.#offer(without, rate);
    const after = await this.#peak(shedding);
    return {
      peak: (before.rate + after.rate) / 2,
      peakPerCpu: (before.perCpu + after.perCpu) / 2,
      shedding: withShedding,
      without: withoutShedding,
    };
  }

  async #peak(gateway: Gateway): Promise<{ readonly rate: number; readonly perCpu: number }> {
    const plan = {
      connections: this.#options.connections,
      rate: null,
      warmUpMs: 1_000,
      measureMs: 3_000,
      heedsRetryAfter: true,
    };
    const { good, seconds, cpuMs } = await this.#load(gateway, plan);
    return { rate: good / seconds, perCpu: (good / cpuMs) * 1000 };
  }

  async #offer(gateway: Gateway, rate: number): Promise<OpenLoadResult> {
    const { connections, seconds, heedsRetryAfter } = this.#options;
    return this.#load(gateway, {
      connections,
      rate,
      heedsRetryAfter,
      warmUpMs: WARM_UP_MS,
      measureMs: seconds * 1000,
    });
  }

  async #load(
    gateway: Gateway,
    plan: Omit<OpenLoadPlan, 'url' | 'pid' | 'clock' | 'patienceMs'>,
  ): Promise<OpenLoadResult> {
    const {
      url,
      child: { pid },
    } = gateway;
    const { clock } = this.#options;
    const whole: OpenLoadPlan = { ...plan, url, pid, clock, patienceMs: PATIENCE_MS };
    const child = await this.#workspace.children.start(
      [process.execPath, fileOf('open-load-program.ts'), JSON.stringify(whole)],
      { cpu: this.#workspace.loadCpu, capture: true },
    );
    const how = await child.ended;
    if (how !== 'code 0') throw new Error(`the generator failed (${how}): ${child.complaint()}`);
    return JSON.parse(child.stdout()) as OpenLoadResult;
  }

  async #startService(): Promise<number> {
    const port = await freePort();
    const child = await this.#workspace.children.start(
      [process.execPath, fileOf('trivial-service.ts'), String(port)],
      { cpu: this.#workspace.loadCpu },
    );
    await untilAnswers(child, `http://127.0.0.1:${port}/`, BODY);
    return port;
  }

  async #startGateway(name: string, service: number, overload: string): Promise<Gateway> {
    const port = await freePort();
    const yaml = `port: ${port}\nadmin: false\nmaxConnections: 40000\nlog: { access: false }\noverload: ${overload}\nroutes:\n  /: { to: ${service}, lane: ${this.#options.lane} }\n`;
    const folder = this.#workspace.makeFolder(name, { 'gateway.config.yaml': yaml });
    const command = [
      process.execPath,
      fileOf('../../bin/portway.js'),
      'start',
      '--config',
      `${folder}/gateway.config.yaml`,
    ] as const;
    const child = await this.#workspace.children.start([...command], { cpu: this.#workspace.proxyCpu });
    const url = `http://127.0.0.1:${port}/`;
    await untilAnswers(child, url, BODY);
    return { url, child };
  }
}

interface Gateway {
  readonly url: string;
  readonly child: Child;
}

const BODY = Buffer.alloc(100, 'x');
const WARM_UP_MS = 3_000;
const PATIENCE_MS = 1_000;

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function roundText(round: OverloadRound): string {
  const { peak, peakPerCpu, shedding, without } = round;
  const head = `peak ${Math.round(peak)}/s, ${Math.round(peakPerCpu)} for a second of CPU`;
  return [head, `  on:  ${resultText(shedding, round)}`, `  off: ${resultText(without, round)}`].join('\n');
}

function resultText(result: OpenLoadResult, { peak, peakPerCpu }: OverloadRound): string {
  const { seconds, cpuMs, came, good, late, refused, failed, unanswered } = result;
  const each = (count: number) => `${Math.round(count / seconds)}/s`;
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const ms = (value: number) => (Number.isFinite(value) ? `${Math.round(value)} ms` : '-');
  return [
    `came ${each(came)}`,
    `CPU ${percent(cpuMs / seconds / 1000)}`,
    `in time ${each(good)} (${percent(good / seconds / peak)} of the peak, ${percent(perCpu(result) / peakPerCpu)} by CPU; p50 ${ms(result.goodP50Ms)}, p99 ${ms(result.goodP99Ms)})`,
    `late ${each(late)}`,
    `503 ${each(refused)} (p99 ${ms(result.refusedP99Ms)})`,
    `failed ${each(failed)}`,
    `unanswered ${each(unanswered)}`,
    `reconnects ${result.reconnects}`,
  ].join(', ');
}

function summary(rounds: readonly OverloadRound[]): OverloadFigures {
  const share = (of: (round: OverloadRound) => OpenLoadResult) =>
    median(rounds.map((round) => of(round).good / of(round).seconds / round.peak));
  const shareOfCpu = (of: (round: OverloadRound) => OpenLoadResult) =>
    median(rounds.map((round) => perCpu(of(round)) / round.peakPerCpu));
  return {
    peak: median(rounds.map(({ peak }) => peak)),
    goodputShare: share(({ shedding }) => shedding),
    goodputShareWithout: share(({ without }) => without),
    goodputShareOfCpu: shareOfCpu(({ shedding }) => shedding),
    goodputShareOfCpuWithout: shareOfCpu(({ without }) => without),
    rounds,
  };
}

function perCpu({ good, cpuMs }: OpenLoadResult): number {
  return (good / cpuMs) * 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
