/** A text that may become the configuration: shapes shared by the admin API and the dashboard. */

/** The file, for its editors. */
export interface DraftFile {
  readonly file: string;
  /** `null`: it can't be read here. */
  readonly text: string | null;
  /** Of its content: a draft names the content that it started from. */
  readonly hash: string;
  /** Why it can't be written from here; `null`: it can. */
  readonly readOnly: string | null;
}

export interface DraftProblem {
  /** From 1; 0: the file as a whole. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;
}

/** A route, a raw port or a setting that the text changes. */
export interface DraftChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'setting';
  readonly id: string;
  /** Where an added or removed one leads. */
  readonly leads: string | null;
  /** JSON pointers into the compiled configuration. */
  readonly details: ReadonlyArray<{
    readonly path: string;
    readonly before?: unknown;
    readonly after?: unknown;
  }>;
}

/** One of the last requests that the text would have taken another way: ids of routes, or the status without one. */
export interface Elsewhere {
  readonly method: string;
  readonly target: string;
  readonly host: string | null;
  readonly before: string;
  readonly after: string;
}

export interface DraftVerdict {
  readonly ok: boolean;
  readonly problems: readonly DraftProblem[];
  readonly changes: readonly DraftChange[];
  /** Settings that take effect at the next start. */
  readonly needsRestart: readonly string[];
  readonly elsewhere: readonly Elsewhere[];
}
