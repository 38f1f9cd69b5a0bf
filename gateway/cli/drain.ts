/** `portway drain` and `portway admit`: one endpoint of the gateway that runs here. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainOutcome } from '../model/status.ts';
import {
  type CommandContext,
  type CommandInput,
  type ExitCode,
  type RunCommand,
  UsageError,
} from './command.ts';
import { RunningGateway, withRunningGateway } from './running-gateway.ts';
import { durationOf } from './stop-options.ts';

const LOOK_EVERY_MS = 200;
const WAIT_MS = 30_000;

export const drain: RunCommand = (input, context) => {
  const waitMs = durationOf(input, 'wait') ?? WAIT_MS;
  return ofEndpoint(input, context, async (gateway, address) => {
    const deadline = performance.now() + waitMs;
    let now = await gateway.drain(address, true);
    for (const { id, left } of now.routes)
      if (left === 0) context.stderr.write(`portway: ${id} has no other endpoint, and is 503 now\n`);
    while ((now.active ?? 0) > 0 && performance.now() < deadline) {
      await sleep(LOOK_EVERY_MS);
      now = await gateway.drain(address, true);
    }
    const over = (now.active ?? 0) === 0;
    const rest = over ? 'nothing is under way there' : `${now.active} under way there still`;
    context.stdout.write(`${now.address} is drained; ${rest}\n`);
    return over ? 0 : 1;
  });
};

export const admit: RunCommand = (input, context) =>
  ofEndpoint(input, context, async (gateway, address) => {
    const now: DrainOutcome = await gateway.drain(address, false);
    context.stdout.write(`${now.address} gets requests again\n`);
    return 0;
  });

/** @throws UsageError */
function ofEndpoint(
  input: CommandInput,
  context: CommandContext,
  act: (gateway: RunningGateway, address: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const [address] = input.operands;
  if (address === undefined)
    throw new UsageError('which endpoint? Name its port or its address: `portway drain 3001`');
  return withRunningGateway(input, context, RunningGateway.serving, (gateway) => act(gateway, address));
}
