import type { TextLines } from './lines.ts';
import type { ProblemList } from './problem-list.ts';
import type { SourceNode } from './source.ts';

export interface SourceDocument {
  /** As the user named it. */
  readonly file: string;
  readonly lines: TextLines;
  readonly root: SourceNode;
  /** How many nodes the file has; with aliases a walk meets more. */
  readonly nodeCount: number;
  /** What is wrong already, without the document becoming unreadable: a key that is there twice, say. */
  readonly problems: ProblemList;
  /** What leads nowhere, while the rest of the document is served all the same. */
  readonly broken: ProblemList;
  /** As of `Verdict`, where the routes are those of a cluster. */
  readonly attached?: ReadonlyMap<string, number>;
}
