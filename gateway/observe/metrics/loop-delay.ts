import { createHistogram } from 'node:perf_hooks';

/** How late the event loop was at each look that overload/ takes, since somebody asked last. */
export class LoopDelay {
  readonly #looks = createHistogram();

  seen(delayMs: number): void {
    // A histogram of Node takes whole nanoseconds from 1.
    this.#looks.record(Math.max(1, Math.round(delayMs * 1e6)));
  }

  /** In seconds; then it begins anew. */
  take(): { readonly p50: number; readonly p99: number; readonly max: number } {
    const looks = this.#looks;
    if (looks.count === 0) return { p50: 0, p99: 0, max: 0 };
    const taken = {
      p50: looks.percentile(50) / 1e9,
      p99: looks.percentile(99) / 1e9,
      max: looks.max / 1e9,
    };
    looks.reset();
    return taken;
  }
}
