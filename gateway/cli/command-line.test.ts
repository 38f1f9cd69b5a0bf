import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runHere, runPortway } from '../proof/testing/portway.ts';
import { COMMANDS } from './commands.ts';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('portway', () => {
  it.each([['--help'], ['-h'], ['help']])('%s lists the commands, within 80 columns', async (option) => {
    const { code, stdout, stderr } = await runHere([option]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['dev', 'start', 'check', 'explain']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} +\\w`, 'm'));
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([['--version'], ['-v']])('%s says the version of the package', async (option) => {
    expect(await runHere([option])).toEqual({
      code: 0,
      stdout: `portway ${manifest.version}\n`,
      stderr: '',
    });
  });

  it('is a process with an exit code', async () => {
    expect((await runPortway(['--version'])).code).toBe(0);
    expect((await runPortway(['chekc'])).code).toBe(2);
  });

  it('without a command shows the help as an error', async () => {
    const { code, stdout, stderr } = await runHere([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: portway COMMAND');
  });

  it.each([
    ['dev', '--config FILE'],
    ['start', '--drain DURATION'],
    ['check', 'Usage: portway check [FILE]'],
    ['explain', "--header 'NAME: VALUE' ..."],
  ])('%s --help explains the command alone, whatever else is there', async (command, expected) => {
    const { code, stdout } = await runHere([command, 'one', 'two', 'three', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(expected);
    expect((await runHere(['help', command])).stdout).toBe(stdout);
  });

  it.each(COMMANDS.map(({ name }) => name))('%s --help fits into 80 columns', async (name) => {
    const { stdout } = await runHere([name, '--help']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

describe('wrong usage', () => {
  it.each([
    [['chekc'], 'unknown command "chekc": did you mean check?'],
    [['xyzzy'], 'unknown command "xyzzy": the commands are dev, start, check, explain, '],
    [['help', 'strat'], 'unknown command "strat": did you mean start?'],
    [['--hlep'], 'unknown option --hlep: did you mean --help?'],
    [['--frobnicate'], 'unknown option --frobnicate'],
    [['--config', 'x', 'start'], '--config stands before the command'],
    [['start', '--confg', 'x'], '`portway start` has no option --confg: did you mean --config?'],
    [
      ['start', '--frobnicate'],
      '`portway start` has no option --frobnicate: it has --config, --drain, --announce, --help',
    ],
    [['start', '-x'], '`portway start` has no option -x'],
    [['start', 'now'], 'unexpected argument "now": `portway start` takes none'],
    [['check', 'a', 'b'], 'unexpected argument "b": `portway check` takes [FILE]'],
    [['check', 'a', '--config', 'b'], 'one file at a time'],
    [['check', '--config'], '--config needs a value: `portway check --config FILE`'],
    [['check', '--config', '--help=no'], '--config needs a value'],
    [['check', '--config='], '--config needs a value'],
    [['check', '--watch', '-'], '--watch follows files, not standard input'],
    [['start', '--config', '-'], "`portway start` can't read its configuration from standard input: save it"],
    [['tail', '--status', '9'], '--status expects a code (404), a class (5xx) or failed, got "9"'],
    [['tail', '--since', 'noon'], '--since expects how long ago (30s, 5m, 2h) or a time'],
    [['purge', 'img/a.png'], '"img/a.png" is no path and no URL: did you mean /img/a.png?'],
    [['purge', '--prefix', 'img'], '"img" is no path'],
    [['drain'], 'which endpoint? Name its port or its address'],
    [['explain', '--json=yes', '/'], '--json takes no value, got "yes"'],
    [['start', '--drain', '10'], 'got "10": a number needs its unit: 10ms or 10s?'],
    [['start', '--announce', '5'], '--announce expects a duration'],
    [['start', '--drain=-1s'], 'a duration is not negative'],
    [['explain'], 'Name a URL or a path'],
    [['explain', 'GET'], 'explain GET of what?'],
    [['explain', '/db', 'GET'], '"/db" is no method: first the method, then the URL'],
    [['explain', '/db', '--header', 'x-tenant'], `--header expects 'name: value', got "x-tenant"`],
  ])('%j is answered with what was meant, and exit code 2', async (args, expected) => {
    const { code, stdout, stderr } = await runHere(args);
    expect(stderr).toMatch(/^portway: /);
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/\nSee `portway .*--help`\.\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
