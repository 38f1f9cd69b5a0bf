/** The bytes of the configuration file at one instant: what was hashed is what is compiled. */

export type ConfigContent =
  | { readonly ok: true; readonly text: string; readonly hash: string }
  /** The file is missing, unreadable, too large or no UTF-8 text; `hash` names this state, so that a change of it is seen. */
  | { readonly ok: false; readonly reason: string; readonly hint: string; readonly hash: string };

/** Reads the file; never throws. */
export async function readContent(_file: string): Promise<ConfigContent> {
  throw new Error('under construction');
}
