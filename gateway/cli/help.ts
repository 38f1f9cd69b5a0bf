import { helpOption } from './arguments.ts';
import type { Command, OptionSpec } from './command.ts';

const indent = '  ';

/** The text of `portway --help`. */
export function overview(commands: readonly Command[]): string {
  return [
    'Portway: one origin, many ports. A gateway that maps paths to ports.',
    '',
    'Usage: portway COMMAND [options]',
    '',
    'Commands:',
    ...twoColumns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'Options:',
    ...twoColumns([
      ['-h, --help', 'this text; after a command: how to use it'],
      ['-v, --version', 'the version'],
    ]),
    '',
    'The configuration is gateway.config.yaml in the current folder, unless --config',
    'names another file. Exit codes: 0 success, 1 a problem found, 2 wrong usage.',
    '',
  ].join('\n');
}

/** The text of `portway COMMAND --help`. */
export function helpFor(command: Command): string {
  const usage = ['portway', command.name, command.operands, '[options]'].filter((part) => part !== '');
  return [
    `Usage: ${usage.join(' ')}`,
    '',
    `${indent}${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    'Options:',
    ...twoColumns([...command.options, helpOption].map((option) => [spelling(option), option.help])),
    ...(command.notes === '' ? [] : ['', command.notes]),
    '',
  ].join('\n');
}

function spelling({ name, short, value, repeatable }: OptionSpec): string {
  const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  return `${names}${value === undefined ? '' : ` ${value}`}${repeatable ? ' ...' : ''}`;
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `${indent}${first.padEnd(width)}  ${second}`);
}
