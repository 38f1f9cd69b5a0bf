import { onTestFinished, vi } from 'vitest';

/** A clock that stands still until the test moves it. */
export interface HeldClock {
  advance(ms: number): void;
  /** A wait of that length by this clock: it ends when the test has moved the clock there. */
  passing(ms: number): Promise<void>;
}

/** Takes all timers of this process into the test's hand; sockets go on as ever, and so do states that are asked for again and again. */
export function holdClock(): HeldClock {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  return {
    advance: (ms) => void vi.advanceTimersByTime(ms),
    passing: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** Takes the calendar alone: timers and events go on as ever. */
export function holdCalendar(): { advance(seconds: number): void } {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  return { advance: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1_000) };
}
