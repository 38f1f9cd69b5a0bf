/** `GATEWAY_HOSTS="3001=db,3002=files"`: which host has a bare port, where services have hosts of their own. */

import { parseHost, withoutBrackets } from '../keys/host.ts';
import { parsePort } from '../keys/target.ts';
import type { Port } from '../model/config.ts';
import { TextLines } from './lines.ts';
import { ProblemList } from './problem-list.ts';
import type { Span } from './source.ts';
import { GATEWAY_HOSTS } from './variables.ts';

export type GatewayHosts = ReadonlyMap<Port, string>;

export interface ReadGatewayHosts {
  readonly hosts: GatewayHosts;
  readonly problems: ProblemList;
}

interface Entry {
  readonly text: string;
  readonly span: Span;
}

/** Empty and unset are the same. Ports that the configuration does not have are ignored: many files may share one variable. */
export function readGatewayHosts(value: string | undefined): ReadGatewayHosts {
  const text = value ?? '';
  const problems = new ProblemList(GATEWAY_HOSTS, new TextLines(text));
  const hosts = new Map<Port, string>();
  for (const entry of entriesOf(text)) readEntry(entry, hosts, problems);
  return { hosts, problems };
}

function entriesOf(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const match of text.matchAll(/[^,]+/g)) {
    const trimmed = match[0].trim();
    const start = match.index + match[0].indexOf(trimmed);
    if (trimmed !== '') entries.push({ text: trimmed, span: { start, end: start + trimmed.length } });
  }
  return entries;
}

function readEntry(entry: Entry, hosts: Map<Port, string>, problems: ProblemList): void {
  const equals = entry.text.indexOf('=');
  const port = parsePort(entry.text.slice(0, Math.max(equals, 0)).trim());
  const host = parseHost(entry.text.slice(equals + 1).trim());
  const fault = (expected: string, hint: string | null) =>
    problems.add(entry.span, [], { expected, found: JSON.stringify(entry.text), hint });
  if (equals === -1) fault('port=host', 'an entry looks like 3001=db');
  else if (!port.ok) fault('a port from 1 to 65535 before the =', port.hint ?? null);
  else if (!host.ok) fault('a host name or an address behind the =', host.hint ?? null);
  else if (hosts.has(port.value))
    fault('every port once', `${port.value} has the host ${hosts.get(port.value)}`);
  else hosts.set(port.value, withoutBrackets(host.value));
}
