/** Called when a deadline expires. */
export interface Timed {
  timedOut(): void;
}

/** A time that runs, or doesn't. It is made once, and armed as often as need be. */
export interface Deadline {
  /** Starts the deadline anew. @param ms also the duration after each `refresh` */
  arm(ms: number): void;
  /** The same time once more, from now on; nothing where none runs. */
  refresh(): void;
  clear(): void;
}

/**
 * One interval for all timeouts of the gateway: a hashed timing wheel. Arming a deadline puts it into a list, where a timer of its own
 * would cost each exchange a microsecond. Time is counted in ticks of the interval, so that arming needs no system call: a deadline never
 * ends early, and some percent late, or more where the process was held up. Timeouts below a second get a real timer.
 */
export class Clock {
  readonly #slots: (WheelDeadline | null)[] = new Array<WheelDeadline | null>(SLOTS).fill(null);
  #interval: NodeJS.Timeout | null = null;
  #tick = 0;
  #running = 0;

  deadline(timed: Timed): Deadline {
    return new WheelDeadline(this, timed);
  }

  // For deadlines only.

  /** @returns the tick at which a time of `ms`, begun now, is over for certain: the next one may be due already. */
  tickAfter(ms: number): number {
    return this.#tick + Math.ceil(ms / TICK_MS) + 1;
  }

  /** Into the list of the tick at which it is due. */
  put(deadline: WheelDeadline): void {
    deadline.filed = deadline.due;
    const slot = deadline.filed % SLOTS;
    const first = this.#slots[slot]!;
    deadline.next = first;
    if (first) first.previous = deadline;
    this.#slots[slot] = deadline;
    if (this.#running++ === 0) this.#interval ??= setInterval(() => this.#turn(), TICK_MS).unref();
  }

  take(deadline: WheelDeadline): void {
    const { previous, next } = deadline;
    if (previous) previous.next = next;
    else this.#slots[deadline.filed % SLOTS] = next;
    if (next) next.previous = previous;
    deadline.previous = deadline.next = null;
    deadline.filed = 0;
    this.#running--;
  }

  /** Stops when nothing runs any more: at a tick, because between two requests that is often so. */
  #turn(): void {
    if (this.#running === 0) {
      clearInterval(this.#interval!);
      this.#interval = null;
      return;
    }
    const now = ++this.#tick;
    const filed: WheelDeadline[] = [];
    for (let each = this.#slots[now % SLOTS]!; each; each = each.next!)
      if (each.filed === now) filed.push(each);
    // Reaching one deadline may clear or arm another.
    for (const each of filed) if (each.filed === now) each.reached(now);
  }
}

class WheelDeadline implements Deadline {
  readonly #clock: Clock;
  readonly #timed: Timed;
  #ms = 0;
  #exact: NodeJS.Timeout | null = null;
  /** The tick at which it ends. */
  due = 0;
  /** The tick in whose list it is, which may be an earlier one; 0: in none. */
  filed = 0;
  previous: WheelDeadline | null = null;
  next: WheelDeadline | null = null;

  constructor(clock: Clock, timed: Timed) {
    this.#clock = clock;
    this.#timed = timed;
  }

  arm(ms: number): void {
    this.#ms = ms;
    if (ms < EXACT_BELOW_MS) return this.#armExactly(ms);
    if (this.#exact) this.clear();
    this.due = this.#clock.tickAfter(ms);
    // Most are put off again and again and never end: they move when their list is looked at.
    if (this.filed !== 0 && this.filed <= this.due) return;
    if (this.filed !== 0) this.#clock.take(this);
    this.#clock.put(this);
  }

  #armExactly(ms: number): void {
    this.clear();
    this.#exact = setTimeout(() => this.#timed.timedOut(), ms);
  }

  refresh(): void {
    if (this.#exact) this.#exact.refresh();
    else if (this.filed !== 0) this.arm(this.#ms);
  }

  clear(): void {
    if (this.#exact) {
      clearTimeout(this.#exact);
      this.#exact = null;
    }
    if (this.filed !== 0) this.#clock.take(this);
  }

  /** The tick in whose list it is has come. */
  reached(now: number): void {
    this.#clock.take(this);
    if (this.due > now) this.#clock.put(this);
    else this.#timed.timedOut();
  }
}

const TICK_MS = 50;
/** A little more than the longest common timeout, 75 s; later deadlines stay in their slot for another turn of the wheel. */
const SLOTS = 2048;
const EXACT_BELOW_MS = 1_000;
