import type { Command } from './command.ts';
import { configOption, optionValue, UsageError } from './command.ts';
import { loadOrReport } from './configuration.ts';

export const check: Command = {
  name: 'check',
  summary: 'say whether a configuration is usable, and all that is wrong with it',
  operands: '[FILE]',
  maxOperands: 1,
  options: [configOption],
  notes: 'Nothing is started, and no address is asked for. Exit code 1 where there is a problem.',

  async run(input, context) {
    const [operand] = input.operands;
    const option = optionValue(input, 'config');
    if (operand !== undefined && option !== undefined) {
      throw new UsageError(`one file at a time: "${operand}" or --config ${option}`);
    }
    const loaded = await loadOrReport(operand ?? option, context, context.stdout);
    if (loaded === null) return 1;
    const { routes, streams, services } = loaded.config;
    // Most files have no raw ports.
    const raw = streams.length === 0 ? '' : `${counted(streams.length, 'stream')}, `;
    const counts = `${counted(routes.length, 'route')}, ${raw}${counted(services.length, 'service')}`;
    context.stdout.write(`${loaded.file}: ${counts}, no problems\n`);
    return 0;
  },
};

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
