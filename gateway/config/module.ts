/** A configuration in code: the default export of a module as text, validated like any other file. */

import { extname } from 'node:path';
import type { FileContent } from '../files/content.ts';
import { isRemote } from '../files/remote.ts';
import type { Environment } from './expand.ts';
import { askThread, ThreadFailure, type ThreadLimits } from './thread.ts';

/** Whether the file is a program: `gateway.config.ts`, `.js`, `.mjs`, `.mts`, `.cjs`, `.cts`. */
function isModule(file: string): boolean {
  return !isRemote(file) && /\.[cm]?[jt]s$/.test(file);
}

/**
 * The content that a module evaluates to; other content is returned as it is. Each evaluation has a thread of its own: imported modules are
 * read anew, nothing stays in memory, and a program that never ends delays no request. Never throws.
 */
export async function evaluated(
  content: FileContent,
  file: string,
  env: Environment,
  limits: ThreadLimits = LIMITS,
): Promise<FileContent> {
  if (!content.ok || content.unplaced || !isModule(file)) return content;
  const { hash, origins = [] } = content;
  const ending = extname(import.meta.filename);
  const program = new URL(`./module-program${ending}`, import.meta.url);
  // In a clone, `import ... from 'portway'` is the source: there is no build.
  const execArgv = ending === '.ts' ? ['--conditions=portway-source'] : [];
  try {
    const stated = await askThread<FileContent>(program, { file }, limits, { env, execArgv });
    return stated.ok ? { ...stated, hash, origins } : { ...stated, hash };
  } catch (cause) {
    const { found, hint } = explained(cause, limits);
    return { ok: false, found, hint, hash, expected: 'a module that gives a configuration' };
  }
}

const LIMITS: ThreadLimits = { memoryMb: 1024, deadlineMs: 10_000 };

function explained(cause: unknown, { memoryMb, deadlineMs }: ThreadLimits) {
  const reason = cause instanceof ThreadFailure ? cause.reason : 'failed';
  switch (reason) {
    case 'late':
      return { found: `none within ${deadlineMs / 1000} s`, hint: 'does it wait for what never comes?' };
    case 'memory':
      return { found: `one that takes more than ${memoryMb} MiB`, hint: null };
    case 'silent':
      return {
        found: 'one that ended before it gave any',
        hint: 'a top-level `await` of it never settles, or it calls process.exit()',
      };
    case 'failed':
      return { found: cause instanceof Error ? cause.message : String(cause), hint: null };
  }
}
