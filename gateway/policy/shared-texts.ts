/** Texts that all replicas have in common, each for a time, by way of the Redis of `shared:`. */
export interface SharedTexts {
  /** @returns what the question says; never settled where the process that has the connection hangs. @throws Error where it can't be asked now, or is not answered within `timeout` of `shared:` */
  ask(question: TextQuestion): Promise<string | null>;
}

export type TextQuestion =
  /** Answers the text; `null`: there is none. */
  | { readonly do: 'read'; readonly name: string }
  /** Answers the text; `null`: another one than `was` is there by now, or none. @property was `null`: whatever is there; '': nothing has to be there */
  | {
      readonly do: 'keep';
      readonly name: string;
      readonly text: string;
      readonly forMs: number;
      readonly was: string | null;
    }
  /** Answers the name; `null`: somebody has claimed it already. */
  | { readonly do: 'claim'; readonly name: string; readonly forMs: number }
  | { readonly do: 'drop'; readonly name: string };

/** Extensions are code of somebody else, which may send what it likes over the channel of a worker. */
export function isTextQuestion(value: unknown): value is TextQuestion {
  const asked = value as Partial<Record<keyof Extract<TextQuestion, { do: 'keep' }>, unknown>> | null;
  if (typeof asked?.name !== 'string' || !NAME.test(asked.name)) return false;
  if (asked.do === 'read' || asked.do === 'drop') return true;
  const isTime = Number.isInteger(asked.forMs) && (asked.forMs as number) > 0;
  if (asked.do === 'claim') return isTime;
  const { text, was } = asked;
  return asked.do === 'keep' && isTime && isText(text) && (was === null || isText(was));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= SHARED_TEXT_MAX;
}

/** Characters. */
export const SHARED_TEXT_MAX = 65_536;
const NAME = /^[\w:-]{1,100}$/;
