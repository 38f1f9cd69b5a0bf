import { readTlsFiles } from '../config/certificate-files.ts';
import { ADMIN_REACHABLE, isLoopback } from '../config/listening.ts';
import type { Problem } from '../config/problem.ts';
import { insecureWarning } from '../config/service-authorities.ts';
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
  const { admin, tls } = loaded.config;
  const certificates = tls && (await readTlsFiles(tls, Date.now()));
  for (const warning of certificates?.ok ? certificates.material.warnings : [])
    context.stdout.write(`\nwarning: ${warning}\n`);
  for (const warning of loaded.config.routes.map(insecureWarning))
    if (warning !== null) context.stdout.write(`\nwarning: ${warning}\n`);
  if (admin !== null && !isLoopback(admin.host)) context.stdout.write(`\nwarning: ${ADMIN_REACHABLE}\n`);
  return 0;
};

/** Routes whose modules can't be loaded, as a start would find them. */
async function brokenExtensions({ file, config, text }: Loaded): Promise<Problem[]> {
  const extended = config.routes.filter(({ extend }) => extend !== null);
  if (extended.length === 0) return [];
  const { ExtensionError, loadExtensions } = await import('../proxy/extension.ts');
  try {
    await loadExtensions(extended);
    return [];
  } catch (cause) {
    if (!(cause instanceof ExtensionError)) throw cause;
    const lines = text.split(/\r?\n/);
    return cause.failures.map(({ route, line, file: module, problem }) => ({
      file,
      line,
      column: extended.find(({ id, source }) => id === route && source.line === line)?.source.column ?? 1,
      length: route.length,
      path: `routes.${route}.extend`,
      sourceLine: lines[line - 1] ?? '',
      expected: 'a module that can be loaded',
      found: `${module}: ${problem}`,
      hint: 'see docs/extend.md',
    }));
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
