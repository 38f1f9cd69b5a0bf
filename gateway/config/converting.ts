/** A configuration in the other of its two forms: Portway's own, or objects of the Gateway API. */

import { checkDocument } from './check.ts';
import type { Environment } from './expand.ts';
import { isGatewayApi } from './gateway-api/convert.ts';
import { gatewayApiOf, type Written } from './gateway-api/write.ts';
import { parseConfig, yamlOf } from './parse.ts';
import type { SourceNode } from './source.ts';

/** @returns `null` for a text that is no configuration */
export function inOtherForm(text: string, file: string, env: Environment): Written | null {
  const parsed = parseConfig(text, file);
  if (!parsed.ok) return null;
  const { document } = parsed;
  if (isGatewayApi(text))
    return {
      text: yamlOf(plainOf(document.root)),
      left: [],
    };
  const checked = checkDocument(document, env);
  return checked === null || document.problems.size > 0 ? null : gatewayApiOf(checked);
}

function plainOf(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  return Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, plainOf(value)]));
}
