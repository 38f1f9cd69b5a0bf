import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import type { CommandContext } from '../../cli/command.ts';
import { runCommandLine } from '../../cli/command-line.ts';
import { PATIENCE_MS, until } from './poll.ts';

const portway = fileURLToPath(new URL('../../bin/portway.js', import.meta.url));

export interface PortwayOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The real `portway`, as a process of its own. */
export class PortwayProcess {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #closed: Promise<unknown>;

  constructor(args: readonly string[], options: PortwayOptions) {
    const { FORCE_COLOR: _force, ...env } = process.env;
    this.child = spawn(process.execPath, [portway, ...args], {
      cwd: options.cwd,
      env: { ...env, NO_COLOR: '1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#closed = once(this.child, 'close');
  }

  /** Waits until it has written this to standard output. */
  async said(text: string, withinMs = PATIENCE_MS): Promise<void> {
    const shown = () => `"${text}" in:\n${this.stdout}${this.stderr}`;
    await until(`it says ${text}`, () => this.plain().includes(text), withinMs).catch((error: Error) => {
      throw new Error(`${error.message}: ${shown()}`);
    });
  }

  plain(): string {
    return stripVTControlCharacters(this.stdout);
  }

  /** The exit code; `null` where a signal ended it. All output has been read. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }
}

/** It is killed with the test. */
export function startPortway(args: readonly string[], options: PortwayOptions = {}): PortwayProcess {
  const started = new PortwayProcess(args, options);
  onTestFinished(() => void started.child.kill('SIGKILL'));
  return started;
}

/** Runs `portway` to its end. */
export async function runPortway(args: readonly string[], options: PortwayOptions = {}) {
  const portwayProcess = startPortway(args, options);
  const code = await portwayProcess.ended();
  return { code, stdout: portwayProcess.stdout, stderr: portwayProcess.stderr };
}

/** The same command line in this process, which is quick: for commands that answer and end. */
export async function runHere(args: readonly string[], env: CommandContext['env'] = {}) {
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
    process,
    startGateway: () => Promise.reject(new Error('this command line should start nothing')),
  });
  return { code, ...written };
}
