import { Problem } from '../kit/problem.ts';

/** The parameters of a request target, each at most once and each known. */
export type Query = ReadonlyMap<string, string>;

/**
 * @throws Problem 400 for a parameter that is unknown or given twice. A cache keeps one entry for each
 * spelling of a URL, so what would be ignored is refused instead.
 */
export function parseQuery(target: string, known: readonly string[]): Query {
  const query = new Map<string, string>();
  const start = target.indexOf('?');
  for (const [name, value] of new URLSearchParams(start < 0 ? '' : target.slice(start + 1))) {
    if (!known.includes(name)) {
      throw badParameter(name, `"${name}" is no parameter here; these are: ${known.join(', ')}.`);
    }
    if (query.has(name)) throw badParameter(name, `"${name}" is given twice; give it once.`);
    query.set(name, value);
  }
  return query;
}

/** @throws Problem 400 for anything but a whole number from `from` to `to`, written in plain digits. */
export function readWholeNumber(
  query: Query,
  name: string,
  range: { readonly from: number; readonly to: number },
): number | undefined {
  const text = query.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^[1-9]\d{0,14}$/.test(text) && value >= range.from && value <= range.to) return value;
  throw badParameter(
    name,
    `${name}: expected a whole number from ${range.from} to ${range.to}, got ${quote(text)}.`,
  );
}

/** @throws Problem 400 for anything but one of `choices`. */
export function readChoice<T extends string>(
  query: Query,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = query.get(name);
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice) return choice;
  throw badParameter(name, `${name}: expected one of ${choices.join(', ')}, got ${quote(text)}.`);
}

export function badParameter(name: string, detail: string): Problem {
  return new Problem(400, 'bad_parameter', detail, { members: { parameter: name } });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
