import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
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
  const file = await realpath(resolve(context.cwd, name)).catch(() => resolve(context.cwd, name));
  const before = await textOf(file);
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
  await replaceFile(file, kept);
  context.stdout.write(`${file}: ${user} has ${at === -1 ? 'a' : 'a new'} password\n`);
  return 0;
}

async function addKey(file: string, before: string, user: string, context: CommandContext): Promise<0> {
  const key = `pw_${randomBytes(32).toString('base64url')}`;
  const kept = linesOf(before);
  const older = kept.filter((line) => line.startsWith(`${user}:`)).length;
  await replaceFile(file, [...kept, `${user}:${hashKey(key)}`]);
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

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw cause;
  }
}

/** A gateway that follows the file sees the old one or the new one, and nobody else reads either. */
async function replaceFile(file: string, lines: readonly string[]): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await using handle = await open(beside, 'wx', 0o600);
    await handle.writeFile(`${lines.join('\n')}\n`);
    await handle.sync();
    await rename(beside, file);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cause;
  }
}
