import type { TextLines } from './lines.ts';
import type { Fault, ProblemList } from './problem-list.ts';
import { keySpanAt, nodeAt, type PathKey, type SourceNode, shownPath } from './source.ts';

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

/** Adds a fault at a key, or at the nearest one around it where the file does not have it. */
export function reportKey({ root, problems }: SourceDocument, path: readonly PathKey[], fault: Fault): void {
  let at = path;
  while (at.length > 0 && keySpanAt(root, at) === null) at = at.slice(0, -1);
  problems.add(keySpanAt(root, at) ?? root.span, path, fault);
}

/** Adds a fault at a value, or at the key around it where the file does not have it. */
export function reportValue(document: SourceDocument, path: readonly PathKey[], fault: Fault): void {
  const node = nodeAt(document.root, path);
  if (node === null) reportKey(document, path, fault);
  else document.problems.add(node.span, shownPath(document.root, path), fault);
}
