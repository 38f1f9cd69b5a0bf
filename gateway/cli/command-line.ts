import { nearest } from '../keys/hint.ts';
import { helpOption, parseArguments } from './arguments.ts';
import { type Command, type CommandContext, type ExitCode, UsageError } from './command.ts';
import { COMMANDS, WORKER } from './commands.ts';
import { helpFor, overview } from './help.ts';
import { packageVersion } from './package-version.ts';

/** Runs `portway` with these arguments. @returns the exit code: 0, 1 for a problem that was found, 2 for wrong usage. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const [name] = args;
    const help = COMMANDS.some((known) => known.name === name) ? `portway ${name} --help` : 'portway --help';
    context.stderr.write(`portway: ${error.message}\nSee \`${help}\`.\n`);
    return 2;
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined) {
    context.stderr.write(overview(COMMANDS));
    return 2;
  }
  if (first === '--help' || first === '-h') return print(overview(COMMANDS), context);
  if (first === '--version' || first === '-v') return print(`portway ${packageVersion()}\n`, context);
  if (first === 'help')
    return print(rest[0] === undefined ? overview(COMMANDS) : helpFor(find(rest[0])), context);
  const command = first === WORKER.name ? WORKER : find(first);
  const input = parseArguments(command, rest);
  if (input.values.has(helpOption.name)) return print(helpFor(command), context);
  const run = await command.load();
  return run(input, context);
}

function print(text: string, context: CommandContext): ExitCode {
  context.stdout.write(text);
  return 0;
}

/** @throws UsageError */
function find(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((known) => known.name);
  if (name.startsWith('-')) throw new UsageError(optionFirst(name, names));
  const near = nearest(name, names);
  const hint = near === null ? `the commands are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`unknown command "${name}": ${hint}`);
}

function optionFirst(option: string, names: readonly string[]): string {
  const name = option.replace(/^-+|=.*$/g, '');
  const near = nearest(name, ['help', 'version']);
  if (near !== null) return `unknown option ${option}: did you mean --${near}?`;
  const takers = COMMANDS.filter(({ options }) =>
    options.some((known) => name === known.name || name === known.short),
  );
  if (takers.length === 0) return `unknown option ${option}: first comes one of ${names.join(', ')}`;
  return `${option} stands before the command: \`portway ${takers[0]?.name} ${option}\` ...`;
}
