/** What a docker-compose file says of ports, as far as `portway init` wants to know. */

import { parse } from 'yaml';

export interface ComposeService {
  readonly name: string;
  /** On this machine. */
  readonly port: number;
}

/** Published TCP ports, the first of each service; nothing of a file that can't be read. Never throws. */
export function composeServices(text: string): ComposeService[] {
  try {
    const { services = {} } = (parse(text, { maxAliasCount: 100 }) ?? {}) as {
      services?: Record<string, unknown>;
    };
    return Object.entries(services ?? {}).flatMap(([name, service]) => {
      const ports = (service as { ports?: unknown } | null)?.ports;
      const published = (Array.isArray(ports) ? ports : []).map(publishedPort).find((port) => port !== null);
      return published === undefined || published === null ? [] : [{ name, port: published }];
    });
  } catch {
    return [];
  }
}

/** `8080:80`, `127.0.0.1:8080:80`, `{ published: 8080, target: 80 }`; a port that the engine chooses is `null`. */
function publishedPort(entry: unknown): number | null {
  if (typeof entry === 'object' && entry !== null) {
    const { published, protocol = 'tcp' } = entry as { published?: unknown; protocol?: unknown };
    return protocol === 'tcp' ? portOf(String(published)) : null;
  }
  const [, published] = /(?:^|:)(\d+):\d+(?:\/tcp)?$/.exec(String(entry)) ?? [];
  return published === undefined ? null : portOf(published);
}

function portOf(text: string): number | null {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}
