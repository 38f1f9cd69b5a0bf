/** Routes that HTTPRoutes of a cluster ask for, joined with those of the file. */

import type { ClusterObject } from '../../model/labels.ts';
import { withRoutes } from '../discovered-routes.ts';
import { LabelledLines } from '../labelled-lines.ts';
import { ProblemList } from '../problem-list.ts';
import type { SourceNode } from '../source.ts';
import type { SourceDocument } from '../source-document.ts';
import { routesOfObjects } from './convert.ts';
import { placedObject } from './placed-object.ts';

/**
 * The document with a route for each match of these objects. Paths that the file has win. Faults of an object are added to the document's
 * problems, with the object's name as the file.
 */
export function withClusterRoutes(
  document: SourceDocument,
  objects: readonly ClusterObject[],
): SourceDocument {
  const texts = [];
  let start = document.lines.text.length + 1;
  for (const { name, object } of objects) {
    const placed = placedObject(object, start);
    if (placed === null) continue;
    texts.push({ ...placed, origin: { name }, span: { start, end: start + placed.text.length } });
    start += placed.text.length + 1;
  }
  const lines = new LabelledLines(document.lines, texts);
  const problems = new ProblemList(document.file, lines);
  const broken = new ProblemList(document.file, lines);
  for (const { node } of texts) reportVariables(node, problems);
  const { routes, attached } = routesOfObjects(
    texts.map(({ node }) => node),
    problems,
    broken,
  );
  return withRoutes({ ...document, lines, problems, broken, attached }, routes.entries);
}

/** The right to write an HTTPRoute does not include reading the gateway's environment. */
function reportVariables(node: SourceNode, problems: ProblemList): void {
  if (node.kind === 'map') for (const { value } of node.entries.values()) reportVariables(value, problems);
  else if (node.kind === 'list') for (const item of node.items) reportVariables(item, problems);
  else if (typeof node.value === 'string' && node.value.includes('${'))
    problems.add(node.span, [], {
      expected: 'a value without ${',
      found: JSON.stringify(node.value),
      hint: 'variables are expanded in the file, not in objects of the cluster',
    });
}
