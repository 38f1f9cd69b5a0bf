import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { replaceFile } from '../files/replace-file.ts';
import { hashKey, readKeys } from '../policy/auth/api-keys/api-keys.ts';
import { hashPassword } from '../policy/auth/basic/password.ts';
import { readUsers } from '../policy/auth/basic/users.ts';
import { type FileReading, USER_NAME } from '../policy/followed-file.ts';
import { type CommandContext, type RunCommand, UsageError } from './command.ts';
import { readSecret } from './secret-input.ts';

/** Makes, and changes, the lines of the files that `auth:` names. */
export const passwd: RunCommand = async (input, context) => {
  const [name, user] = input.operands;
  if (name === undefined || user === undefined)
    throw new UsageError('it needs a file and a name: `portway passwd users.txt alice`');
  if (!USER_NAME.test(user) || user.startsWith('#'))
    throw new UsageError(
      'a name is visible ASCII without a colon, at most 128 characters, and no # in front',
    );
  const isKey = input.values.has('key');
  const file = resolve(context.cwd, name);
  const before = await readText(file);
  const reading: FileReading<unknown> = isKey ? readKeys(before) : readUsers(before);
  if (!reading.ok) {
    context.stderr.write(`portway: ${name} stays as it is: it has ${reading.found}\n`);
    return 1;
  }
  return isKey ? addKey(file, before, user, context) : setPassword(file, before, user, context);
};

async function setPassword(file: string, before: string, user: string, context: CommandContext) {
  const password = await readSecret(`Password of ${user}: `, context);
  if (password === null) return 130;
  if (password === '') {
    context.stderr.write('portway: no password was given, and nothing has changed\n');
    return 1;
  }
  if (context.process.stdin.isTTY && (await readSecret('The same again: ', context)) !== password) {
    context.stderr.write('portway: that was another one, and nothing has changed\n');
    return 1;
  }
  const line = `${user}:${await hashPassword(password)}`;
  const kept = linesOf(before);
  const at = kept.findIndex((each) => each.startsWith(`${user}:`));
  if (at === -1) kept.push(line);
  else kept[at] = line;
  await replaceFile(file, textOf(kept));
  context.stdout.write(`${file}: ${user} has ${at === -1 ? 'a' : 'a new'} password\n`);
  return 0;
}

async function addKey(file: string, before: string, user: string, context: CommandContext): Promise<0> {
  const key = `pw_${randomBytes(32).toString('base64url')}`;
  const kept = linesOf(before);
  const older = kept.filter((line) => line.startsWith(`${user}:`)).length;
  await replaceFile(file, textOf([...kept, `${user}:${hashKey(key)}`]));
  // The key alone goes to standard output: it is shown this once, and may be piped to where it is kept.
  context.stdout.write(`${key}\n`);
  const also = older === 0 ? '' : `; ${older} more of that name hold until you remove their lines`;
  context.stderr.write(`${file}: a key of ${user}, which is shown this once${also}\n`);
  return 0;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function textOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw cause;
  }
}
