import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import type { CommandContext } from '../../cli/command.ts';
import { runCommandLine } from '../../cli/command-line.ts';
import { PATIENCE_MS, until } from './poll.ts';
import { PORTWAY, type Process, Processes, type StartOptions } from './processes.ts';

/** The real `portway`, as a process of its own. */
export class PortwayProcess {
  readonly #process: Process;

  constructor(processes: Processes, args: readonly string[], options: StartOptions) {
    this.#process = processes.spawn([process.execPath, PORTWAY, ...args], options);
  }

  get child(): ChildProcess {
    return this.#process.child;
  }

  get stdout(): string {
    return this.#process.stdout;
  }

  get stderr(): string {
    return this.#process.stderr;
  }

  /** Waits until it has written this to standard output. */
  async said(text: string, withinMs = PATIENCE_MS): Promise<void> {
    await until(`it says ${text}`, () => this.plain().includes(text), withinMs).catch((error: Error) => {
      throw new Error(`${error.message}: "${text}" in:\n${this.stdout}${this.stderr}`);
    });
  }

  plain(): string {
    return stripVTControlCharacters(this.stdout);
  }

  /** The exit code; `null` where a signal ended it. All output has been read. */
  async ended(): Promise<number | null> {
    return (await this.#process.ended).code;
  }
}

/** It is killed with the test. */
export function startPortway(args: readonly string[], options: StartOptions = {}): PortwayProcess {
  const processes = new Processes();
  onTestFinished(() => processes.killAll());
  return new PortwayProcess(processes, args, options);
}

/** Runs `portway` to its end. */
export async function runPortway(args: readonly string[], options: StartOptions = {}) {
  const portwayProcess = startPortway(args, options);
  const code = await portwayProcess.ended();
  return { code, stdout: portwayProcess.stdout, stderr: portwayProcess.stderr };
}

/** The same command line in this process, which is quick: for commands that answer and end. */
export async function runHere(
  args: readonly string[],
  env: CommandContext['env'] = {},
  input: string | Buffer = '',
  { terminal = false } = {},
) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const write = (text: string) => {
      written[name] += text;
    };
    return { write } as unknown as NodeJS.WriteStream;
  };
  const code = await runCommandLine(args, {
    env,
    cwd: process.cwd(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    stdin: () =>
      Object.assign(Readable.from([Buffer.from(input)]), { isTTY: terminal }) as unknown as NodeJS.ReadStream,
    process,
    startGateway: () => Promise.reject(new Error('this command line should start nothing')),
  });
  return { code, ...written };
}
