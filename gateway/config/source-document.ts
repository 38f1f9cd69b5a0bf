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
  /** Problems that leave the document readable, such as duplicate keys. */
  readonly problems: ProblemList;
  /** References that lead nowhere; the rest of the document is served all the same. */
  readonly broken: ProblemList;
  /** As of `Verdict`, where the routes are those of a cluster. */
  readonly attached?: ReadonlyMap<string, number>;
}
