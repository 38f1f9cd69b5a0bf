import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runHere } from '../proof/testing/portway.ts';
import { temporaryFolder } from '../proof/testing/program.ts';
import { COMMANDS } from './commands.ts';

const hasBash = spawnSync('bash', ['--version']).status === 0;

/** What a real bash offers where the cursor stands behind the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const cwd = await temporaryFolder({ 'other.yaml': '' });
  const { stdout: script } = await runHere(['completion', 'bash']);
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _portway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${ask}`, 'bash', 'portway', ...words], {
    cwd,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe.runIf(hasBash)('completion in bash', () => {
  test('offers every command of the table', async () => {
    expect(await offered('')).toEqual([...COMMANDS.map(({ name }) => name), 'help', '--help', '--version']);
    expect(await offered('che')).toEqual(['check']);
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    'offers the options of %s',
    async (name, { options }) => {
      const flags = await offered(name, '--');
      expect(flags).toEqual([...options.map((option) => `--${option.name}`), '--help']);
    },
  );

  test.each([
    ['a file where one is meant', ['check', 'o'], ['other.yaml']],
    ['a file as the value of an option', ['dev', '--config', 'o'], ['other.yaml']],
    ['nothing for a value that nobody can guess', ['start', '--drain', ''], []],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['commands behind help', ['help', 'sta'], ['start']],
    ['nothing behind what is no command', ['nope', ''], []],
  ])('offers %s', async (_what, words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });
});

test.each(['zsh', 'fish'])('the script for %s names every command and option', async (shell) => {
  const { code, stdout } = await runHere(['completion', shell]);
  expect(code).toBe(0);
  for (const { name, options } of COMMANDS)
    for (const word of [name, ...options.map((option) => option.name)]) expect(stdout).toContain(word);
});

test.each([[[]], [['tcsh']], [['toString']]])(
  'completion %j names the shells there are',
  async (operands) => {
    const { code, stderr } = await runHere(['completion', ...operands]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Name one of bash, zsh, fish')]);
  },
);
