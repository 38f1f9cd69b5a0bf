import { spawn } from 'node:child_process';
import type { Paint } from '../log/paint.ts';

/** The actions of the keys. */
export interface KeyboardActions {
  names(): readonly string[];
  restart(name: string): void;
  /** Shows the lines of this service alone; `null`: of all. */
  show(name: string | null): void;
  /** The address of the gateway, for a browser. */
  url(): string | null;
  quit(): void;
  notice(text: string): void;
  /** `line` has changed. */
  changed(): void;
}

type Choice = 'restart' | 'logs';

/** Without `a`, which is all of them. */
const CHOICES = '123456789bcdefghijklmnopqrstuvwxyz';

/** The keys of `portway dev`: r restart, o open, l logs, q quit. */
export class Keyboard {
  readonly #actions: KeyboardActions;
  readonly #paint: Paint;
  #choosing: Choice | null = null;
  #shown: string | null = null;

  constructor(actions: KeyboardActions, paint: Paint) {
    this.#actions = actions;
    this.#paint = paint;
  }

  /** The keys that work now. */
  get line(): string {
    if (this.#choosing !== null) return this.#question(this.#choosing);
    const logs = this.#shown === null ? 'logs of one' : `logs of all (now ${this.#shown} alone)`;
    const keys = [
      ['r', 'restart'],
      ['l', logs],
      ['o', 'open'],
      ['q', 'quit'],
    ] as const;
    const offered = this.#actions.names().length === 0 ? keys.slice(2) : keys;
    return offered.map(([key, what]) => this.#key(key, what)).join('   ');
  }

  press(key: string): void {
    if (this.#choosing !== null) this.#choose(this.#choosing, key);
    else this.#command(key.toLowerCase());
    this.#actions.changed();
  }

  #command(key: string): void {
    if (key === 'q') this.#actions.quit();
    if (key === 'o') this.#openBrowser();
    if (key === 'r') this.#ask('restart');
    if (key === 'l' && this.#shown !== null) this.#show(null);
    else if (key === 'l') this.#ask('logs');
  }

  /** With one service there is nothing to choose. */
  #ask(choice: Choice): void {
    const [only, ...others] = this.#actions.names();
    if (only === undefined) return;
    if (others.length === 0) this.#act(choice, [only]);
    else this.#choosing = choice;
  }

  #choose(choice: Choice, key: string): void {
    this.#choosing = null;
    const names = this.#actions.names();
    const name = names[CHOICES.indexOf(key.toLowerCase())];
    if (key.toLowerCase() === 'a' && choice === 'restart') this.#act(choice, names);
    else if (name !== undefined) this.#act(choice, [name]);
  }

  #act(choice: Choice, names: readonly string[]): void {
    if (choice === 'logs') return this.#show(names[0]!);
    for (const name of names) this.#actions.restart(name);
  }

  #show(name: string | null): void {
    this.#shown = name;
    this.#actions.show(name);
  }

  #question(choice: Choice): string {
    const names = this.#actions.names().slice(0, CHOICES.length);
    const offered = names.map((name, index) => this.#key(CHOICES[index]!, name));
    const all = choice === 'restart' ? [this.#key('a', 'all')] : [];
    return [
      choice === 'restart' ? 'restart which?' : 'logs of which?',
      ...offered,
      ...all,
      this.#key('Esc', 'none'),
    ].join('   ');
  }

  #key(key: string, what: string): string {
    return `${this.#paint('bold', key)} ${this.#paint('dim', what)}`;
  }

  #openBrowser(): void {
    const url = this.#actions.url();
    if (url === null) return;
    const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
    const failed = () => this.#actions.notice(`no browser could be started: open ${url}`);
    const opener = spawn(command!, [...args, url], { stdio: 'ignore', detached: true });
    opener.once('error', failed).once('exit', (code) => code !== 0 && failed());
    opener.unref();
  }
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  // `start` takes a first argument in quotes for a title.
  win32: ['cmd', '/c', 'start', ''],
};
