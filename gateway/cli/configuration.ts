import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadContent, type Validated } from '../config/load.ts';
import { formatProblems, type Problem } from '../config/problem.ts';
import { addressOf, originsNow } from '../discover/discovery.ts';
import { contentOf, type FileContent, MAX_FILE_BYTES, withOrigins } from '../files/content.ts';
import { firstContent, sourceText } from '../files/source.ts';
import { wantsColour } from '../log/paint.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { CommandContext } from './command.ts';

export const defaultFile = 'gateway.config.yaml';

/** In the place of a file: standard input. */
export const STDIN = '-';

/** The files to look for when none is named. */
const DEFAULT_FILES = ['yaml', 'yml', 'ts', 'mts', 'js', 'mjs'].map((ending) => `gateway.config.${ending}`);

export interface Loaded {
  /** As the user named it. */
  readonly file: string;
  readonly config: GatewayConfig;
  /** All that was found of it. */
  readonly validated: Validated;
  readonly text: string;
  /** Parts that a start would not serve, while the rest is served. */
  readonly unserved: readonly Problem[];
}

/** Where problems are written. */
interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
  /** Takes problems in place of their text. */
  report?(problems: readonly Problem[]): void;
}

/** Loads the configuration file and prints its problems to `stream`. @returns `null` if it can't be used */
export async function loadOrReport(
  file: string | undefined,
  context: CommandContext,
  stream: Output = context.stderr,
): Promise<Loaded | null> {
  return (await loadFile(file, context, stream))?.loaded ?? null;
}

/** The same, with the containers that a start would find now. */
export async function loadWithContainers(
  file: string | undefined,
  context: CommandContext,
  stream: Output = context.stderr,
): Promise<Loaded | null> {
  const alone = await loadFile(file, context, stream);
  if (alone === null || alone.loaded.config.discover === null) return alone?.loaded ?? null;
  const { content, loaded } = alone;
  const { discover } = loaded.config;
  const origins = await originsNow(discover!, ENGINE_MS).catch((cause: Error) => {
    stream.write(
      `warning: what \`discover:\` names can't be asked at ${addressOf(discover!)}: ${cause.message}\n`,
    );
    return [];
  });
  return loadedOrReported(loaded.file, withOrigins(content, origins), context, stream);
}

const ENGINE_MS = 5_000;

async function loadFile(file: string | undefined, context: CommandContext, stream: Output) {
  const found = file === undefined ? defaultsIn(context.cwd) : [file];
  const [named] = found;
  if (named === undefined || found.length > 1) {
    stream.write(named === undefined ? missing(context.cwd) : ambiguous(found));
    return null;
  }
  if (named === STDIN) {
    const input = context.stdin();
    if (input.isTTY) context.stderr.write('stdin: the configuration is read from here; Ctrl-D ends it\n');
    const content = contentOf(await readAtMost(input, MAX_FILE_BYTES + 1));
    const loaded = await loadedOrReported('stdin', content, context, stream);
    return loaded && { content, loaded };
  }
  const { content, instead } = await firstContent(named, context.env);
  if (instead !== null)
    context.stderr.write(
      `warning: ${sourceText(named)} can't be fetched (${instead}): this is what served last\n`,
    );
  const loaded = await loadedOrReported(named, content, context, stream);
  return loaded && { content, loaded };
}

/** Ends at the limit, too: what is piped in may have no end. */
async function readAtMost(input: AsyncIterable<Buffer | string>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    total += chunk.length;
    if (total >= limit) break;
  }
  return Buffer.concat(chunks);
}

async function loadedOrReported(
  file: string,
  content: FileContent,
  context: CommandContext,
  stream: Output,
): Promise<Loaded | null> {
  const loaded = await loadContent(content, sourceText(file), context.env);
  if (loaded.ok) {
    const { config, content: found, unserved } = loaded;
    return { file, config, validated: loaded, text: found.text, unserved };
  }
  report(loaded.problems, context, stream);
  return null;
}

export function report(
  problems: readonly Problem[],
  context: CommandContext,
  stream: Output = context.stderr,
): void {
  if (stream.report) stream.report(problems);
  else stream.write(problemsText(problems, context, stream));
}

export function problemsText(
  problems: readonly Problem[],
  context: CommandContext,
  stream: Pick<Output, 'isTTY'>,
): string {
  const colour = wantsColour(stream.isTTY === true, context.env);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${formatProblems(problems, { colour })}\n\n${count}\n`;
}

/** Those of the default files that are there. */
export function defaultsIn(cwd: string): string[] {
  return DEFAULT_FILES.filter((name) => existsSync(resolve(cwd, name)));
}

function ambiguous(files: readonly string[]): string {
  return `portway: there are ${files.join(' and ')}: remove what is not meant, or name one with --config.\n`;
}

function missing(cwd: string): string {
  return [
    `portway: there is no ${defaultFile} in ${cwd}.`,
    'Go to the folder that has one, name another file with --config FILE, let `portway init`',
    'write one, or begin with these lines:',
    '',
    '    port: 3000',
    '    routes:',
    '      /db: 3001',
    '',
  ].join('\n');
}
