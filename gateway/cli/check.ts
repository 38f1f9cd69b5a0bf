import { readTlsFiles } from '../config/certificate-files.ts';
import { ADMIN_IN_CLEAR, isLoopback, TRUSTS_EVERYBODY, trustsEverybody } from '../config/listening.ts';
import type { Problem } from '../config/problem.ts';
import { routeWarnings } from '../config/route-warnings.ts';
import { acmeWarnings } from '../dev/acme-diagnosis.ts';
import { isRemote } from '../files/remote.ts';
import type { CheckReport } from './check-watch.ts';
import { type CommandContext, namedFile, type RunCommand, UsageError } from './command.ts';
import {
  defaultFile,
  defaultsIn,
  type Loaded,
  loadWithContainers,
  problemsText,
  STDIN,
} from './configuration.ts';

export const check: RunCommand = async (input, context) => {
  const named = namedFile(input);
  const json = input.values.has('json');
  if (!input.values.has('watch')) {
    const { code, text } = await checkOnce(named, json, context);
    context.stdout.write(text);
    return code;
  }
  if (named === STDIN) throw new UsageError('--watch follows files, not standard input');
  if (named !== undefined && isRemote(named)) throw new UsageError('--watch follows files, not URLs');
  const { watchChecks } = await import('./check-watch.ts');
  const file = named ?? defaultsIn(context.cwd)[0] ?? defaultFile;
  return watchChecks(file, () => checkOnce(named, json, context), context);
};

async function checkOnce(
  named: string | undefined,
  json: boolean,
  context: CommandContext,
): Promise<CheckReport> {
  const findings = await findingsIn(named, context);
  const { loaded, problems } = findings;
  return {
    code: loaded === null || problems.length > 0 ? 1 : 0,
    text: json ? jsonOf(findings, named) : textOf(findings, context),
    files: loaded && [loaded.file, ...loaded.config.routes.flatMap(({ extend }) => extend ?? [])],
  };
}

interface Findings {
  /** `null`: it can't be used. */
  readonly loaded: Loaded | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** What is said beside problems: no file was found, or containers can't be asked. */
  readonly said: string;
}

async function findingsIn(named: string | undefined, context: CommandContext): Promise<Findings> {
  const problems: Problem[] = [];
  const said: string[] = [];
  const output = {
    write: (text: string) => void said.push(text),
    report: (found: readonly Problem[]) => void problems.push(...found),
  };
  const loaded = await loadWithContainers(named, context, output);
  if (loaded !== null) problems.push(...loaded.unserved, ...(await brokenExtensions(loaded)));
  const sound = loaded !== null && problems.length === 0;
  const warnings = sound ? [...(await warningsOf(loaded, context.env)), ...(await undoneBy(loaded))] : [];
  return { loaded, problems, warnings, said: said.join('') };
}

function textOf({ loaded, problems, warnings, said }: Findings, context: CommandContext): string {
  if (problems.length > 0) return said + problemsText(problems, context, context.stdout);
  if (loaded === null) return said;
  const { routes, streams, services } = loaded.config;
  // Most files have no raw ports.
  const raw = streams.length === 0 ? '' : `${counted(streams.length, 'stream')}, `;
  const counts = `${counted(routes.length, 'route')}, ${raw}${counted(services.length, 'service')}`;
  return `${said}${loaded.file}: ${counts}, no problems\n${warnings.map((one) => `\nwarning: ${one}\n`).join('')}`;
}

/** For editors and CI. */
function jsonOf({ loaded, problems, warnings, said }: Findings, named: string | undefined): string {
  const file = loaded?.file ?? problems[0]?.file ?? named ?? null;
  const ok = loaded !== null && problems.length === 0;
  const shown = { file, ok, problems, warnings, ...(said !== '' && { said: said.trimEnd() }) };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

async function warningsOf({ config }: Loaded, env: CommandContext['env']): Promise<string[]> {
  const { admin, tls, routes } = config;
  const own = admin?.tls && admin.tls.certificates !== tls?.certificates ? [admin.tls] : [];
  const readings = await Promise.all(
    [...(tls ? [tls] : []), ...own].map((one) => readTlsFiles(one, Date.now())),
  );
  return [
    ...readings.flatMap((reading) => (reading.ok ? reading.material.warnings : [])),
    ...(await acmeWarnings(config, env)),
    ...routes.flatMap(routeWarnings),
    ...(admin !== null && !admin.tls && !isLoopback(admin.host) ? [ADMIN_IN_CLEAR] : []),
    ...(trustsEverybody(config) ? [TRUSTS_EVERYBODY] : []),
  ];
}

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

/**
 * Settings that do not apply to bodies on routes whose modules see them. For plugins this is known when they are registered, at a start.
 */
async function undoneBy({ config }: Loaded): Promise<string[]> {
  const extended = config.routes.filter(({ extend }) => extend !== null);
  if (extended.length === 0) return [];
  const { leftUndone, loadExtensions } = await import('../proxy/extension.ts');
  const modules = await loadExtensions(extended);
  return extended.flatMap((route, index) =>
    modules.get(index)?.replyOptions?.onResponse ? (leftUndone(route) ?? []) : [],
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
