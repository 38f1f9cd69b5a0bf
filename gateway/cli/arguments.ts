import { parseArgs } from 'node:util';
import { nearest } from '../keys/hint.ts';
import { type Command, type CommandInput, type OptionSpec, UsageError } from './command.ts';

export const helpOption: OptionSpec = { name: 'help', short: 'h', help: 'this text' };

type Token = ReturnType<typeof tokenize>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/**
 * Parses the arguments after the command's name. The tokens are judged here, because the messages of `parseArgs` know neither the intended
 * option nor its values.
 * @throws UsageError
 */
export function parseArguments(command: Command, args: readonly string[]): CommandInput {
  const known = [...command.options, helpOption];
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokenize(known, args)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = optionOf(token, known, command.name);
    values.set(option.name, [...(values.get(option.name) ?? []), checkedValue(token, option, command.name)]);
  }
  if (!values.has(helpOption.name)) checkOperands(command, operands);
  return { operands, values };
}

function tokenize(known: readonly OptionSpec[], args: readonly string[]) {
  const options = Object.fromEntries(
    known.map(({ name, short, value }) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
    ]),
  );
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function optionOf(token: OptionToken, known: readonly OptionSpec[], command: string): OptionSpec {
  const option = known.find(({ name }) => name === token.name);
  if (option !== undefined) return option;
  const near = nearest(
    token.name,
    known.map(({ name }) => name),
  );
  const hint = near === null ? `it has ${listOf(known)}` : `did you mean --${near}?`;
  throw new UsageError(`\`portway ${command}\` has no option ${token.rawName}: ${hint}`);
}

function checkedValue(token: OptionToken, option: OptionSpec, command: string): string {
  const { value, rawName, inlineValue } = token;
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value, got "${value}"`);
    return '';
  }
  const isOption = !inlineValue && value?.startsWith('-') && value !== '-';
  if (value === undefined || value === '' || isOption)
    throw new UsageError(`${rawName} needs a value: \`portway ${command} ${rawName} ${option.value}\``);
  if (value === '-' && option.value === 'FILE' && !option.piped)
    throw new UsageError(
      `\`portway ${command}\` can't read its configuration from standard input: save it, and name the file in place of -`,
    );
  return value;
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const words = command.operands.split(' ').filter((word) => word !== '');
  const surplus = operands[words.length];
  if (surplus === undefined) return;
  const takes = command.operands === '' ? 'takes none' : `takes ${command.operands}`;
  throw new UsageError(`unexpected argument "${surplus}": \`portway ${command.name}\` ${takes}`);
}

function listOf(known: readonly OptionSpec[]): string {
  return known.map(({ name }) => `--${name}`).join(', ');
}
