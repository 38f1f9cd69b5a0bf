import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';
const CTRL_BACKSLASH = '\x1c';
/** Keys that send signals on a terminal in line mode, and must here, too. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  [CTRL_C]: 'SIGINT',
  [CTRL_Z]: 'SIGTSTP',
  [CTRL_BACKSLASH]: 'SIGQUIT',
};

/** Single keys of the terminal, each at once, without the line being ended. */
export class Keys {
  readonly #stdin: NodeJS.ReadStream;
  readonly #pressed: (key: string) => void;
  #open = false;

  /** @param pressed called with one character, Escape among them; arrows and pasted text are ignored */
  constructor(stdin: NodeJS.ReadStream, pressed: (key: string) => void) {
    this.#stdin = stdin;
    this.#pressed = pressed;
  }

  /** @returns whether there is a keyboard that is ours. */
  open(): boolean {
    if (!this.#stdin.isTTY || !isInForeground()) return false;
    this.#open = true;
    this.#stdin.setEncoding('utf8').on('data', this.#read).on('error', ignore);
    process.on('SIGCONT', this.#continued);
    this.#stdin.setRawMode(true);
    this.#stdin.resume();
    return true;
  }

  /** The terminal is as it was before. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('SIGCONT', this.#continued);
    this.#stdin.off('data', this.#read).pause();
    this.#raw(false);
  }

  readonly #read = (text: string): void => {
    const signal = SIGNALS[[...text].find((key) => Object.hasOwn(SIGNALS, key)) ?? ''];
    if (signal === 'SIGTSTP') this.#suspend();
    else if (signal !== undefined) process.kill(process.pid, signal);
    // A key that is held down arrives several times at once; pasted text is no command.
    else if (new Set(text).size === 1) this.#pressed(text[0]!);
  };

  #suspend(): void {
    this.#raw(false);
    // The whole job stops, as it does when the terminal itself asks for it: `npm`, too.
    process.kill(0, 'SIGTSTP');
  }

  readonly #continued = (): void => {
    // With `bg` the terminal stays the shell's.
    if (this.#open && isInForeground()) this.#raw(true);
  };

  #raw(on: boolean): void {
    try {
      this.#stdin.setRawMode(on);
    } catch {
      // The terminal has gone.
    }
  }
}

function ignore(): void {}

/** Whether the terminal listens to our job: another one is stopped when it touches it (POSIX, SIGTTOU). */
function isInForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    const [group, foreground] = process.platform === 'linux' ? jobFromProc() : jobFromPs();
    return group !== undefined && group === foreground;
  } catch {
    return false;
  }
}

/** Behind the name of the program, which may hold anything: state, ppid, pgrp, session, tty_nr, tpgid (proc(5)). */
function jobFromProc(): (string | undefined)[] {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return [fields[2], fields[5]];
}

function jobFromPs(): string[] {
  const args = ['-o', 'pgid=,tpgid=', '-p', String(process.pid)];
  return execFileSync('ps', args, { encoding: 'utf8', timeout: 2_000 }).trim().split(/\s+/);
}
