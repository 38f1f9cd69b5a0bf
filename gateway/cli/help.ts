import { helpOption } from './arguments.ts';
import type { Command, OptionSpec } from './command.ts';

const indent = '  ';
/** The usual width of a terminal, and of the logs of CI. */
const COLUMNS = 80;

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
    ...(command.notes === '' ? [] : ['', paragraphs(command.notes)]),
    '',
  ].join('\n');
}

function spelling({ name, short, value, repeatable }: OptionSpec): string {
  const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  return `${names}${value === undefined ? '' : ` ${value}`}${repeatable ? ' ...' : ''}`;
}

function twoColumns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  const hanging = `\n${' '.repeat(indent.length + width + 2)}`;
  return rows.map(([first, second]) => {
    const text = wrapped(second, COLUMNS - hanging.length + 1).join(hanging);
    return `${indent}${first.padEnd(width)}  ${text}`;
  });
}

/** A part that begins with a space has examples, which keep their lines. */
function paragraphs(notes: string): string {
  const parts = notes.split('\n\n');
  return parts.map((part) => (part.startsWith(' ') ? part : wrapped(part, COLUMNS).join('\n'))).join('\n\n');
}

function wrapped(text: string, columns: number): string[] {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
