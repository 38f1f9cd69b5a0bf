import fc from 'fast-check';
import { RequestReader } from '../../../wire/request-reader.ts';
import { validAnswer, validRequests } from '../corpus.ts';
import { mutated } from '../mutation.ts';
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

/** Whatever the wire lane's readers take, Node's own strict parser must take with the same meaning. Node may take more than the wire lane does. */
export class Differential {
  readonly tally: DifferentialTally = { inputs: 0, accepted: 0, findings: [] };
  readonly #inputs: Iterator<Input>;
  readonly #requests = new NodeRequests();
  readonly #reader = new RequestReader();

  constructor(seed: number) {
    this.#inputs = inputsFrom(seed);
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
      const one = this.#compare(this.#inputs.next().value as Input);
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

  #compare({ parts, method, ends }: Input): Compared | null {
    const pieces = parts.map((part) => Buffer.from(part, 'latin1'));
    const wire = method === null ? new WireRequests(this.#reader) : new WireAnswer(method);
    for (const piece of pieces) wire.add(piece);
    if (method !== null && ends) wire.end();
    if (wire.taken.length === 0) return null;
    const node = method === null ? this.#requests.read(pieces) : readNodeAnswer(method, pieces, ends);
    return { input: parts, ours: wire.taken, node };
  }
}

/** Requests, or the answer to one of this method. */
interface Input {
  readonly parts: readonly string[];
  readonly method: 'GET' | 'HEAD' | null;
  /** Whether the connection ends behind it. */
  readonly ends: boolean;
}

const requests = fc.record<Input>({
  parts: mutated(validRequests),
  method: fc.constant(null),
  ends: fc.constant(false),
});
const answers = fc.record<Input>({
  parts: mutated(validAnswer),
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
  ends: fc.boolean(),
});
const input = fc.oneof({ arbitrary: requests, weight: 2 }, { arbitrary: answers, weight: 1 });

function* inputsFrom(seed: number): Generator<Input> {
  for (let next = seed; ; next += 1_009) yield* fc.sample(input, { seed: next, numRuns: 1_000 });
}

const BATCH = 64;
const TURNS = 6;
/** More than these are the same one. */
const FINDINGS_MAX = 10;
