/** `portway restart` and `portway logs`: one service of the running `portway dev`. */

import { setTimeout as sleep } from 'node:timers/promises';
import { readableLines } from '../dev/readable-line.ts';
import { plainText } from '../dev/terminal-text.ts';
import { wantsColour } from '../log/paint.ts';
import type { ServiceStatus } from '../model/status.ts';
import {
  type CommandContext,
  type CommandInput,
  type ExitCode,
  leaving,
  optionValue,
  type RunCommand,
  UsageError,
} from './command.ts';
import { RunningGateway, UnreachableError, withRunningGateway } from './running-gateway.ts';

const READY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 100;

export const restart: RunCommand = (input, context) =>
  ofService(input, context, async (gateway, before) => {
    const { name } = before;
    await gateway.restart(name);
    const deadline = performance.now() + READY_WITHIN_MS;
    let now = await gateway.service(name);
    while (!isDecided(now, before) && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS);
      now = await gateway.service(name);
    }
    const ready = now.state === 'ready';
    context.stdout.write(`${name} ${ready ? `is ready${atPort(now)}` : whyNotReady(now)}\n`);
    if (!ready) for (const line of now.lastOutput) context.stdout.write(`    ${plainText(line)}\n`);
    return ready ? 0 : 1;
  });

function isDecided({ state, pid, lastExit, obstacle }: ServiceStatus, before: ServiceStatus): boolean {
  return (state === 'ready' && pid !== before.pid) || lastExit !== null || obstacle !== undefined;
}

const atPort = ({ port }: ServiceStatus) => (port === null ? '' : ` on port ${port}`);

function whyNotReady({ lastExit, obstacle }: ServiceStatus): string {
  if (obstacle !== undefined) return `can't start: ${obstacle}`;
  if (lastExit === null) return `is not ready after ${READY_WITHIN_MS / 1000} s; its last lines:`;
  const how = lastExit.signal ?? `exit code ${lastExit.code}`;
  return `crashed (${how}); its last lines:`;
}

export const logs: RunCommand = (input, context) => {
  const tail = tailOf(input);
  return ofService(input, context, async (gateway, { name }) => {
    const left = input.values.has('follow') ? leaving(context) : null;
    const readable = readableLines({ colour: wantsColour(context.stdout.isTTY === true, context.env) });
    try {
      for await (const line of gateway.log(name, tail, left))
        context.stdout.write(`${readable(plainText(line))}\n`);
    } catch (cause) {
      if (left?.aborted) return 0;
      if (cause instanceof UnreachableError) throw cause;
      throw new UnreachableError('the gateway has ended');
    }
    return 0;
  });
};

/** @throws UsageError */
function tailOf(input: CommandInput): number {
  const text = optionValue(input, 'tail') ?? '20';
  if (!/^\d{1,3}$/.test(text) || Number(text) > 200)
    throw new UsageError(`--tail is a number of lines from 0 to 200, got "${text}"`);
  return Number(text);
}

/** @throws UsageError */
function ofService(
  input: CommandInput,
  context: CommandContext,
  act: (gateway: RunningGateway, service: ServiceStatus) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [name] = input.operands;
  if (name === undefined)
    throw new UsageError('which service? Name one of `services:`, or a path that has `run:`');
  return withRunningGateway(input, context, RunningGateway.of, async (gateway) =>
    act(gateway, await gateway.service(name.replace(/^\//, ''))),
  );
}
