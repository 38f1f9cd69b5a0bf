import { inOtherForm } from '../config/gateway-api/write.ts';
import { namedFile, type RunCommand } from './command.ts';
import { loadOrReport } from './configuration.ts';

/** Prints the configuration in the other of its two forms. */
export const convert: RunCommand = async (input, context) => {
  const loaded = await loadOrReport(namedFile(input), context);
  const written = loaded && inOtherForm(loaded.text, loaded.file, context.env);
  if (!written) return 1;
  context.stdout.write(written.text);
  if (written.left.length > 0)
    context.stderr.write(`The Gateway API has no words for:\n  ${written.left.join('\n  ')}\n`);
  return 0;
};
