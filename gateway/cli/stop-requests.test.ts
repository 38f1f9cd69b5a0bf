import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommandContext } from './command.ts';
import { packageManagerGone, stopRequested } from './stop-requests.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function listen() {
  const signals = new EventEmitter();
  const calls: string[] = [];
  const context = { process: signals, stdout: { isTTY: false } } as unknown as CommandContext;
  const stop = stopRequested(context, {
    reload: async () => void calls.push('reload'),
    replace: async () => void calls.push('replace'),
    hurry: () => calls.push('hurry'),
  });
  return { send: (signal: NodeJS.Signals) => void signals.emit(signal), stop, calls };
}

describe('stopRequested', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('resolves with the first %s', async (signal) => {
    const { send, stop, calls } = listen();
    send(signal);
    send('SIGTERM');
    expect(await stop).toBe(signal);
    expect(calls).toEqual([]);
  });

  it.each([
    ['SIGINT', 0, []],
    ['SIGINT', 400, []],
    ['SIGINT', 401, ['hurry']],
    ['SIGTERM', 401, ['hurry']],
  ] as const)('after %s takes a Ctrl-C %i ms later for %j', (first, laterMs, expected) => {
    const { send, calls } = listen();
    send(first);
    vi.advanceTimersByTime(laterMs);
    send('SIGINT');
    expect(calls).toEqual(expected);
  });

  it('asks for a reload on SIGHUP, as often as it comes', () => {
    const { send, calls } = listen();
    send('SIGHUP');
    send('SIGHUP');
    expect(calls).toEqual(['reload', 'reload']);
  });
});

describe('SIGUSR2', () => {
  it('asks for new workers, as often as it comes', () => {
    const { send, calls } = listen();
    send('SIGUSR2');
    send('SIGUSR2');
    expect(calls).toEqual(['replace', 'replace']);
  });
});

describe('packageManagerGone', () => {
  function watch(env: CommandContext['env']) {
    const parent = { ppid: 100 };
    const told = vi.fn();
    void packageManagerGone({ env, process: parent } as unknown as CommandContext).then(told);
    const adopt = async () => {
      parent.ppid = 1;
      await vi.advanceTimersByTimeAsync(1000);
    };
    return { told, adopt };
  }

  it('tells when the parent has changed', async () => {
    const { told, adopt } = watch({ npm_lifecycle_event: 'start' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).not.toHaveBeenCalled();
    await adopt();
    expect(told).toHaveBeenCalledWith('npm has gone');
  });

  it('has nothing to tell where no package manager runs us', async () => {
    const { told, adopt } = watch({});
    await adopt();
    expect(told).not.toHaveBeenCalled();
  });
});
