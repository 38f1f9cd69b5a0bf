import type { Problem } from '../config/problem.ts';
import { optionValue, type RunCommand, UsageError } from './command.ts';
import { type Loaded, loadOrReport, report } from './configuration.ts';

export const check: RunCommand = async (input, context) => {
  const [operand] = input.operands;
  const option = optionValue(input, 'config');
  if (operand !== undefined && option !== undefined) {
    throw new UsageError(`one file at a time: "${operand}" or --config ${option}`);
  }
  const loaded = await loadOrReport(operand ?? option, context, context.stdout);
  if (loaded === null) return 1;
  const broken = await brokenExtensions(loaded);
  if (broken.length > 0) {
    report(broken, context, context.stdout);
    return 1;
  }
  const { routes, streams, services } = loaded.config;
  // Most files have no raw ports.
  const raw = streams.length === 0 ? '' : `${counted(streams.length, 'stream')}, `;
  const counts = `${counted(routes.length, 'route')}, ${raw}${counted(services.length, 'service')}`;
  context.stdout.write(`${loaded.file}: ${counts}, no problems\n`);
  return 0;
};

/** Routes whose modules can't be loaded, as a start would find them. */
async function brokenExtensions({ file, config, text }: Loaded): Promise<Problem[]> {
  const extended = config.routes.filter(({ extend }) => extend !== null);
  if (extended.length === 0) return [];
  const { ExtensionError, loadExtension } = await import('../proxy/extension.ts');
  const problems: Problem[] = [];
  for (const { id, extend, source } of extended) {
    try {
      await loadExtension(id, extend!);
    } catch (cause) {
      if (!(cause instanceof ExtensionError)) throw cause;
      const place = { file, ...source, length: id.length, path: `routes.${id}.extend` };
      const sourceLine = text.split(/\r?\n/)[source.line - 1] ?? '';
      const found = `${extend}: ${cause.problem}`;
      problems.push({
        ...place,
        sourceLine,
        expected: 'a module that can be loaded',
        found,
        hint: 'see docs/extend.md',
      });
    }
  }
  return problems;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
