import { RequestReader } from '../../../wire/request-reader.ts';
import { Random } from '../../testing/random.ts';
import { validAnswer, validRequests } from '../corpus.ts';
import { cut, mutate } from '../mutation.ts';
import { NodeRequests, readNodeAnswer } from './node-messages.ts';
import { difference, type ReadMessage } from './reading.ts';
import { WireAnswer, WireRequests } from './wire-messages.ts';

export interface DifferentialTally {
  inputs: number;
  /** Inputs of which the wire lane took something. */
  accepted: number;
  readonly findings: string[];
}

interface Compared {
  readonly input: readonly string[];
  readonly ours: readonly ReadMessage[];
  readonly node: { readonly taken: readonly ReadMessage[]; close(): void };
}

/** Whatever the wire lane's readers take, Node's own strict parser must take with the same meaning. The other way round is nobody's claim. */
export class Differential {
  readonly tally: DifferentialTally = { inputs: 0, accepted: 0, findings: [] };
  readonly #random: Random;
  readonly #requests = new NodeRequests();
  readonly #reader = new RequestReader();

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** @param deadline on the clock of `performance.now()`. */
  async run(inputs: number, deadline: number): Promise<void> {
    while (
      this.tally.inputs < inputs &&
      this.tally.findings.length < FINDINGS_MAX &&
      performance.now() < deadline
    )
      await this.#batch();
  }

  /** Node's streams need turns of the event loop: many inputs share them. */
  async #batch(): Promise<void> {
    const compared: Compared[] = [];
    for (let i = 0; i < BATCH; i++) {
      const one = this.#random.oneIn(3) ? this.#answer() : this.#request();
      if (one !== null) compared.push(one);
    }
    this.tally.inputs += BATCH;
    this.tally.accepted += compared.length;
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    for (const { input, ours, node } of compared) {
      const why = difference(ours, node.taken);
      if (why !== null) this.tally.findings.push(`${why}: ${JSON.stringify(input)}`);
      node.close();
    }
  }

  #request(): Compared | null {
    const { input, pieces } = this.#input(validRequests(this.#random));
    const wire = new WireRequests(this.#reader);
    for (const piece of pieces) wire.add(piece);
    return wire.taken.length === 0 ? null : { input, ours: wire.taken, node: this.#requests.read(pieces) };
  }

  #answer(): Compared | null {
    const { input, pieces } = this.#input(validAnswer(this.#random));
    const method = this.#random.oneIn(4) ? 'HEAD' : 'GET';
    const ends = this.#random.oneIn(2);
    const wire = new WireAnswer(method);
    for (const piece of pieces) wire.add(piece);
    if (ends) wire.end();
    if (wire.taken.length === 0) return null;
    return { input, ours: wire.taken, node: readNodeAnswer(method, pieces, ends) };
  }

  #input(valid: string): { input: string[]; pieces: Buffer[] } {
    const input = cut(mutate(valid, this.#random), this.#random);
    return { input, pieces: input.map((part) => Buffer.from(part, 'latin1')) };
  }
}

const BATCH = 64;
const TURNS = 6;
/** More than these are the same one. */
const FINDINGS_MAX = 10;
