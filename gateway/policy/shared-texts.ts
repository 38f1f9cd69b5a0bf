/** Texts that all replicas have in common, each for a time, by way of the Redis of `shared:`. */
export interface SharedTexts {
  /**
   * @returns the answer; never settles if the process with the connection hangs. @throws Error if it is unavailable, or does not answer
   * within `timeout` of `shared:`
   */
  ask(question: TextQuestion): Promise<string | null>;
}

export type TextQuestion =
  /** Answers the text; `null`: none. */
  | { readonly do: 'read'; readonly name: string }
  /** Answers the text; `null`: it is not `was` any more, or absent. @property was `null`: anything; '': must be absent */
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

/** Extensions may send anything over a worker's channel. */
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
