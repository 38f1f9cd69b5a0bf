import { parseDuration } from '../keys/units.ts';
import { type CommandInput, type OptionSpec, optionValue, UsageError } from './command.ts';

const bounds = { min: '0s', max: '1h' };

export function drainOption(standard: string): OptionSpec {
  const help = `how long exchanges may finish when it stops (default: ${standard})`;
  return { name: 'drain', value: 'DURATION', help };
}

export const announceOption: OptionSpec = {
  name: 'announce',
  value: 'DURATION',
  help: 'how long /readyz says 503 before ports close, so that balancers look elsewhere first (default: 0s)',
};

/** @returns milliseconds, or `null` where the option was not given. @throws UsageError */
export function durationOf(input: CommandInput, name: 'drain' | 'announce' | 'wait'): number | null {
  const text = optionValue(input, name);
  if (text === undefined) return null;
  const parsed = parseDuration(text, bounds);
  if (parsed.ok) return parsed.value;
  const hint = parsed.hint === undefined ? '' : `: ${parsed.hint}`;
  throw new UsageError(
    `--${name} expects a duration such as 10s, from ${bounds.min} to ${bounds.max}, got "${text}"${hint}`,
  );
}
