import { chmodSync, chownSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replaceFile } from '../files/replace-file.ts';
import { hashKey } from '../policy/auth/api-keys/api-keys.ts';
import { isPassword, parsePasswordHash } from '../policy/auth/basic/password.ts';
import { runHere, startPortway } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';

const isRoot = process.getuid?.() === 0;
/** Another user may write where tests do. */
const canBeAnother = isRoot && (statSync(tmpdir()).mode & 0o001) !== 0;

async function passwd(file: string, name: string, password: string) {
  const running = startPortway(['passwd', file, name], { input: `${password}\nmore` });
  return { code: await running.ended(), stdout: running.stdout, stderr: running.stderr };
}

describe('portway passwd', () => {
  test('adds a line and changes one, for its owner alone, and leaves the others as they are', async () => {
    const file = join(await temporaryFolder(), 'users.txt');
    expect(await passwd(file, 'ann', 'first')).toMatchObject({ code: 0, stderr: '' });
    expect((await passwd(file, 'bob', 'other')).code).toBe(0);
    const [ann, bob] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `# staff\n${ann}\n${bob}\n`, { mode: 0o644 });
    expect((await passwd(file, 'ann', 'séçond')).stdout).toContain('new password');
    const lines = readFileSync(file, 'utf8').split('\n');
    expect([lines[0], lines[2], lines[3]]).toEqual(['# staff', bob, '']);
    const hash = parsePasswordHash(lines[1]!.slice('ann:'.length))!;
    expect([await isPassword('séçond', hash), await isPassword('first', hash)]).toEqual([true, false]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual(['users.txt']);
  });

  // Root adds a user, and the gateway, which runs as another, could not read the file any more.
  test('leaves it to those who may read the file', async () => {
    const file = join(await temporaryFolder(), 'users.txt');
    writeFileSync(file, '');
    chmodSync(file, 0o640);
    if (isRoot) chownSync(file, 12_345, 12_346);
    const { uid, gid, mode } = statSync(file);
    expect((await passwd(file, 'ann', 'first')).code).toBe(0);
    expect(statSync(file)).toMatchObject({ uid, gid, mode });
  });

  test.runIf(canBeAnother)(
    'gives a group that it can not keep nothing of what another one could read',
    async () => {
      const file = join(await temporaryFolder(), 'users.txt');
      writeFileSync(file, '');
      chmodSync(file, 0o664);
      chownSync(file, 12_345, 12_346);
      chmodSync(join(file, '..'), 0o777);
      process.setegid!(12_347);
      process.seteuid!(12_348);
      await replaceFile(file, 'new').finally(() => {
        process.seteuid!(0);
        process.setegid!(0);
      });
      const { uid, gid, mode } = statSync(file);
      expect([uid, gid, mode & 0o777]).toEqual([12_348, 12_347, 0o604]);
    },
  );

  test('makes a key, which it prints once', async () => {
    const file = join(await temporaryFolder(), 'keys.txt');
    const { code, stdout } = await runHere(['passwd', '--key', file, 'ci']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pw_[\w-]{43}\n$/);
    expect(readFileSync(file, 'utf8')).toBe(`ci:${hashKey(stdout.trim())}\n`);
    expect((await runHere(['passwd', '--key', file, 'ci'])).stderr).toContain('1 more of that name hold');
  });

  test.each([
    [['users.txt'], 2, 'needs a file and a name'],
    [['users.txt', 'a:b'], 2, 'without a colon'],
    [['users.txt', '#a'], 2, 'no # in front'],
  ])('%j is refused', async (operands, code, text) => {
    const answer = await runHere(['passwd', ...operands]);
    expect(answer.code).toBe(code);
    expect(answer.stderr).toContain(text);
  });

  test('leaves a file alone that it does not understand, and says no word of what it says', async () => {
    const file = join(await temporaryFolder(), 'users.txt');
    writeFileSync(file, 'ann:topsecret\n');
    const { code, stderr } = await runHere(['passwd', file, 'bob']);
    expect([code, readFileSync(file, 'utf8')]).toEqual([1, 'ann:topsecret\n']);
    expect(stderr).toContain('line 1');
    expect(stderr).not.toContain('topsecret');
  });
});
