import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type FuzzCase, fuzzCase, withBytes } from './case.ts';
import { GatewayUnderFire } from './gateway-under-fire.ts';
import { minimise } from './minimise.ts';
import type { Finding } from './oracle.ts';
import { writeSeed } from './seed-file.ts';
import { type Outcome, tryCase } from './trial.ts';

/** The results of a campaign so far. */
export interface Tally {
  cases: number;
  readonly outcomes: Map<string, number>;
  readonly findings: string[];
}

/** Fires cases at its own gateway, one after the other, until the deadline. */
export class Campaign {
  #seed: number;
  readonly #tally: Tally;
  readonly #say: (line: string) => void;

  constructor(seed: number, tally: Tally, say: (line: string) => void) {
    this.#seed = seed;
    this.#tally = tally;
    this.#say = say;
  }

  /** @param deadline on the clock of `performance.now()`. @param extended whether the routes go through Fastify. */
  async run(deadline: number, extended: boolean): Promise<void> {
    const gateway = await GatewayUnderFire.start(extended);
    try {
      const before = await quietDescriptors(gateway);
      while (performance.now() < deadline && this.#tally.findings.length < FINDINGS_MAX)
        await this.#fire(gateway, deadline);
      const after = await quietDescriptors(gateway, before);
      if (after > before) this.#note(`descriptors leaked: ${before} before, ${after} after`);
    } finally {
      await gateway.close();
    }
  }

  /** Fires until the first finding, at most a thousand times; fast-check shrinks the finding to fewer changes and pieces. */
  async #fire(gateway: GatewayUnderFire, deadline: number): Promise<void> {
    let finding: Finding | null = null;
    const holds = fc.asyncProperty(fuzzCase, async (one) => {
      const outcome = await this.#try(gateway, one);
      this.#count(one, outcome);
      finding = outcome.finding ?? finding;
      return outcome.finding === null;
    });
    const { counterexample } = await fc.check(holds, {
      seed: this.#seed++ * SEEDS_APART,
      numRuns: 1_000,
      interruptAfterTimeLimit: Math.max(1, deadline - performance.now()),
    });
    if (counterexample !== null && finding !== null) await this.#keep(gateway, counterexample[0], finding);
  }

  #count({ from }: FuzzCase, { seen }: Outcome): void {
    this.#tally.cases++;
    const outcome = `${from}: ${seen}`;
    this.#tally.outcomes.set(outcome, (this.#tally.outcomes.get(outcome) ?? 0) + 1);
  }

  async #try(gateway: GatewayUnderFire, one: FuzzCase): Promise<Outcome> {
    try {
      return await tryCase(gateway, one);
    } catch (error) {
      const detail = gateway.ended ?? (error as Error).message;
      return { seen: 'exit', finding: { kind: gateway.ended ? 'the gateway ended' : 'it hangs', detail } };
    } finally {
      if (gateway.ended !== null) await gateway.restart();
    }
  }

  /** A finding that does not show again is reported but not kept as a seed: a seed that may pass proves no fix. */
  async #keep(gateway: GatewayUnderFire, one: FuzzCase, finding: Finding): Promise<void> {
    const shows = async (other: FuzzCase) => (await this.#try(gateway, other)).finding?.kind === finding.kind;
    const text = JSON.stringify(one);
    if (!(await shows(one))) return this.#note(`${finding.kind}, once (${finding.detail}): ${text}`);
    const whole = withBytes(one, one.parts.join(''));
    const least = (await shows(whole))
      ? withBytes(one, await minimise(whole.parts[0]!, (bytes) => shows(withBytes(one, bytes))))
      : one;
    this.#note(`${finding.kind} (${finding.detail}): ${writeSeed(least, finding)}: ${JSON.stringify(least)}`);
  }

  #note(finding: string): void {
    this.#tally.findings.push(finding);
    this.#say(`FOUND ${finding}`);
  }
}

/** Descriptors when no exchange is under way; connections to services stay for some seconds. @param enough stops waiting at this number. */
async function quietDescriptors(gateway: GatewayUnderFire, enough = 0): Promise<number> {
  let count = gateway.descriptors();
  for (let tries = 0; tries < 40; tries++) {
    await sleep(250);
    const now = gateway.descriptors();
    if (now === count && now <= (enough || now)) return now;
    count = now;
  }
  return count;
}

/** Keeps campaigns that start with neighbouring seeds from trying the same cases. */
const SEEDS_APART = 1_009;
/** More findings are most likely the same one. */
const FINDINGS_MAX = 10;
