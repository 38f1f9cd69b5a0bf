import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';

/** An application by its default settings: where it comes from, how it is started, and its main job in a browser. */
export interface App {
  /** Of its route. */
  readonly name: string;
  readonly title: string;
  readonly source: NpmSource | DebianSource;
  /** The last word of the table: what tells it where it stands, or why nothing has to. */
  readonly setting: string;
  /** Why it does not work at its path by default; without it, it does. */
  readonly notAtPath?: string;
  /** Why it does not work without the catcher, though it was told. */
  readonly notTold?: string;
  /** Its route once it is told; the same as before where nothing has to be. */
  readonly told: {
    readonly path?: string;
    readonly page?: string;
    readonly strip: boolean;
    readonly keys?: string;
  };
  /** Writes what it needs into `place.data`. */
  prepare?(place: AppInstance): Promise<void>;
  /** What is in `node_modules/.bin` of its project goes first. */
  command(place: AppInstance): readonly string[];
  env?(place: AppInstance): Readonly<Record<string, string>>;
  /** @param page opened at the address of the application */
  job(page: Page, place: AppInstance): Promise<void>;
}

/** What `npm` makes in a folder that is kept; exact versions, so that the table says what was tried. */
export interface NpmSource {
  /** The package whose version is the application's. */
  readonly npm: string;
  /** The command of `npm exec` that makes a project in the folder `app`. */
  readonly project?: readonly string[];
  readonly packages: readonly string[];
  /** Of the project, before it is installed. */
  readonly files?: Readonly<Record<string, string>>;
  /** What is replaced in files of the project: file, text, its replacement. */
  readonly edits?: readonly (readonly [file: string, text: string, replacement: string])[];
}

export interface DebianSource {
  /** Packages, that of the application first. */
  readonly debian: string;
}

/** Where an application runs, once. */
export interface AppInstance {
  /** The project of an application from npm; else the same as `data`. */
  readonly project: string;
  /** New for each start. */
  readonly data: string;
  readonly port: number;
  /** Another one, for a second protocol. */
  readonly spare: number;
  /** Where it is told that it stands, `/vite`; empty: it is told nothing. */
  readonly prefix: string;
}

export const run = (program: string, args: readonly string[], cwd?: string, env = process.env) =>
  promisify(execFile)(program, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
