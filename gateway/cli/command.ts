/** A command of `portway`, and its input. */

import type { GatewayOptions } from '../contract.ts';
import type { startGateway } from '../gateway.ts';

export type ExitCode = 0 | 1 | 2 | 130;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The operands after the options on the usage line: `[METHOD] URL`. */
  readonly operands: string;
  readonly options: readonly OptionSpec[];
  /** Paragraphs below the options in its help. */
  readonly notes: string;
  load(): Promise<RunCommand>;
}

export type RunCommand = (input: CommandInput, context: CommandContext) => Promise<ExitCode>;

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** The name of its value in the help; without it the option takes none. */
  readonly value?: string;
  readonly repeatable?: boolean;
  /** `-` is a value of it: standard input. */
  readonly piped?: boolean;
  readonly help: string;
}

export interface CommandInput {
  readonly operands: readonly string[];
  /** Values by the option's long name, in order; an option without a value that is there has one empty string. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** The process that a command runs in. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Opened when it is asked for. */
  readonly stdin: () => NodeJS.ReadStream;
  readonly process: ProcessHandle;
  readonly startGateway: (options: GatewayOptions) => ReturnType<typeof startGateway>;
}

/** The parts of `node:process` that long-running commands need. */
interface ProcessHandle {
  /** Of the parent at this moment. */
  readonly ppid: number;
  /** Path of the Node that runs us. */
  readonly execPath: string;
  readonly stdin: NodeJS.ReadStream;
  on(event: NodeJS.Signals | 'exit', listener: () => void): unknown;
  on(event: 'uncaughtException', listener: (error: Error) => void): unknown;
  exit(code: number): never;
}

/** A wrong command line: exit code 2. The message names the fault and, where possible, what was meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const configOption: OptionSpec = {
  name: 'config',
  short: 'c',
  value: 'FILE',
  help: 'the configuration (default: gateway.config.yaml)',
};

/** For commands that read the configuration once. */
export const pipedConfigOption: OptionSpec = {
  ...configOption,
  piped: true,
  help: 'the configuration, - for standard input (default: gateway.config.yaml)',
};

/** The file that is named as the operand or by `--config`; `undefined`: none is. @throws UsageError */
export function namedFile(input: CommandInput): string | undefined {
  const [operand] = input.operands;
  const option = optionValue(input, 'config');
  if (operand !== undefined && option !== undefined)
    throw new UsageError(`one file at a time: "${operand}" or --config ${option}`);
  return operand ?? option;
}

/** Aborted by Ctrl-C, by SIGTERM, or when the reader of the output has left. */
export function leaving({ process, stdout }: CommandContext): AbortSignal {
  const leave = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leave.abort());
  stdout.on('error', () => leave.abort());
  return leave.signal;
}

/** The last value that was given for an option. */
export function optionValue(input: CommandInput, name: string): string | undefined {
  return input.values.get(name)?.at(-1);
}
