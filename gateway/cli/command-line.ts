import { nearest } from '../config/hint.ts';
import { helpOption, parseArguments } from './arguments.ts';
import { type Command, type CommandContext, type ExitCode, UsageError } from './command.ts';
import { helpFor, overview } from './help.ts';
import { version } from './version.ts';

/** Each is loaded when it is asked for: `--version` and `check` answer without what serves requests. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['dev', async () => (await import('./dev.ts')).dev],
  ['start', async () => (await import('./start.ts')).start],
  ['check', async () => (await import('./check.ts')).check],
  ['explain', async () => (await import('./explain.ts')).explain],
]);

const allCommands = () => Promise.all(Array.from(COMMANDS.values(), (load) => load()));

/** Runs `portway` with these arguments. @returns the exit code: 0, 1 for a problem that was found, 2 for wrong usage. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [name] = args;
    const help = COMMANDS.has(name ?? '') ? `portway ${name} --help` : 'portway --help';
    context.stderr.write(`portway: ${error.message}\nSee \`${help}\`.\n`);
    return 2;
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined) {
    context.stderr.write(overview(await allCommands()));
    return 2;
  }
  if (first === '--help' || first === '-h') return print(overview(await allCommands()), context);
  if (first === '--version' || first === '-v') return print(`portway ${version()}\n`, context);
  if (first === 'help')
    return print(
      rest[0] === undefined ? overview(await allCommands()) : helpFor(await find(rest[0])),
      context,
    );
  const command = first === 'worker' ? (await import('./worker.ts')).worker : await find(first);
  const input = parseArguments(command, rest);
  return input.values.has(helpOption.name) ? print(helpFor(command), context) : command.run(input, context);
}

function print(text: string, context: CommandContext): ExitCode {
  context.stdout.write(text);
  return 0;
}

/** @throws UsageError */
async function find(name: string): Promise<Command> {
  const load = COMMANDS.get(name);
  if (load !== undefined) return load();
  const names = [...COMMANDS.keys()];
  if (name.startsWith('-')) throw new UsageError(optionFirst(name, names, await allCommands()));
  const near = nearest(name, names);
  const hint = near === null ? `the commands are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`unknown command "${name}": ${hint}`);
}

function optionFirst(option: string, names: readonly string[], commands: readonly Command[]): string {
  const name = option.replace(/^-+|=.*$/g, '');
  const near = nearest(name, ['help', 'version']);
  if (near !== null) return `unknown option ${option}: did you mean --${near}?`;
  const takers = commands.filter(({ options }) =>
    options.some((known) => name === known.name || name === known.short),
  );
  if (takers.length === 0) return `unknown option ${option}: first comes one of ${names.join(', ')}`;
  return `${option} stands before the command: \`portway ${takers[0]?.name} ${option}\` ...`;
}
