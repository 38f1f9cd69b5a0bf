import type { DownstreamListener } from '../exchange/contract.ts';
import { GatewayError } from '../exchange/error-catalog.ts';
import { rescue } from '../exchange/rescue.ts';
import type { Clock, Deadline, Timed } from '../exchange/timer-wheel.ts';
import { EarlyBytes } from '../forward/early-bytes.ts';
import type { Verdict } from '../policy/policy.ts';
import { type Exchange, UpgradeRequest } from './exchange.ts';
import type { Routed } from './routed.ts';

/** Continues a routed exchange that its policies let pass. */
export type Onward = (exchange: Exchange, routed: Routed) => void;

/**
 * An exchange whose policies have to wait for something. Nothing of its body is read meanwhile, and it ends when its client leaves or when
 * `timeouts.response` is over.
 */
export class PolicyWait implements DownstreamListener, Timed {
  readonly #exchange: Exchange;
  readonly #routed: Routed;
  readonly #onward: Onward;
  readonly #deadline: Deadline;
  /** Bytes that the client of an upgrade sends meanwhile. */
  #early: EarlyBytes | null = null;
  #over = false;

  constructor(exchange: Exchange, routed: Routed, clock: Clock, onward: Onward) {
    this.#exchange = exchange;
    this.#routed = routed;
    this.#onward = onward;
    this.#deadline = clock.deadline(this);
  }

  begin(verdict: Promise<Verdict>): void {
    this.#deadline.arm(this.#routed.timeouts.responseMs);
    const client = this.#exchange.downstream;
    if (client instanceof UpgradeRequest)
      this.#early = new EarlyBytes(client.socket, client.early, () => this.closed());
    else client.listen(this);
    verdict.then(
      (answer) => this.#settle(() => this.#goOn(answer)),
      (cause) => this.#settle(() => this.#exchange.refuse(this.#routed, rescue(cause, 'head'))),
    );
  }

  #goOn(answer: Verdict): void {
    if (answer !== null) return this.#exchange.answerInstead(this.#routed, answer);
    const client = this.#exchange.downstream;
    if (client instanceof UpgradeRequest && this.#early) client.early = Buffer.concat(this.#early.release());
    this.#onward(this.#exchange, this.#routed);
  }

  timedOut(): void {
    const { policy } = this.#exchange.record;
    const what = `${policy} has come to no verdict within ${this.#routed.timeouts.responseMs} ms`;
    this.#end(() => this.#exchange.refuse(this.#routed, new GatewayError('policy_timeout', what)));
  }

  drained(): void {}

  /** Nothing has been answered, so the client has left. */
  closed(): void {
    this.#end(() => {
      this.#exchange.clientLeft();
      this.#exchange.leave();
    });
  }

  /** The verdict is of no use any more. */
  #end(last: () => void): void {
    this.#settle(last);
    this.#routed.abandon();
  }

  #settle(last: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.clear();
    this.#early?.stop();
    last();
  }
}
