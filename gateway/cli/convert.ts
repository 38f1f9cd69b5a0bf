import { inOtherForm } from '../config/gateway-api/write.ts';
import { optionValue, type RunCommand, UsageError } from './command.ts';
import { loadOrReport } from './configuration.ts';

/** Prints the configuration in the other of its two forms. */
export const convert: RunCommand = async (input, context) => {
  const [operand] = input.operands;
  const option = optionValue(input, 'config');
  if (operand !== undefined && option !== undefined)
    throw new UsageError(`one file at a time: "${operand}" or --config ${option}`);
  const loaded = await loadOrReport(operand ?? option, context);
  const written = loaded && inOtherForm(loaded.text, loaded.file, context.env);
  if (!written) return 1;
  context.stdout.write(written.text);
  if (written.left.length > 0)
    context.stderr.write(`The Gateway API has no words for: ${written.left.join(', ')}\n`);
  return 0;
};
