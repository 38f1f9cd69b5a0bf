/** The environment's variables that mean something to the configuration without being named in it. */

import { parseHost, withoutBrackets } from '../keys/host.ts';
import { TextLines } from './lines.ts';
import { ProblemList } from './problem-list.ts';

/** Hosts of bare ports: `gateway-hosts.ts`. */
export const GATEWAY_HOSTS = 'GATEWAY_HOSTS';

/** What `host` is where the file does not say: a container's image sets it, so that the short form serves there too. */
export const PORTWAY_HOST = 'PORTWAY_HOST';

/** What commands show a gateway whose admin listener asks for a key. */
export const PORTWAY_ADMIN_KEY = 'PORTWAY_ADMIN_KEY';

/** Whether a problem's `file` is a variable. */
export function isVariable(file: string): boolean {
  return file === GATEWAY_HOSTS || file === PORTWAY_HOST;
}

const SAFE_HOST = '127.0.0.1';

/** Only this machine, unless somebody says otherwise: a gateway that is started for a try must not be open to the network. */
export function readDefaultHost(value: string | undefined): { host: string; problems: ProblemList } {
  const text = value ?? '';
  const problems = new ProblemList(PORTWAY_HOST, new TextLines(text));
  if (text === '') return { host: SAFE_HOST, problems };
  const parsed = parseHost(text);
  if (parsed.ok) return { host: withoutBrackets(parsed.value), problems };
  const fault = {
    expected: 'a host name or an IP address',
    found: JSON.stringify(text),
    hint: parsed.hint ?? null,
  };
  problems.add({ start: 0, end: text.length }, [], fault);
  return { host: SAFE_HOST, problems };
}
