/** Reads other programs' YAML, as far as `portway init` needs it. */

import { parse } from 'yaml';

export interface ComposeService {
  readonly name: string;
  /** On this machine. */
  readonly port: number;
}

/** Published TCP ports that may speak HTTP, the first of each service; `null`: it is no YAML. Never throws. */
export function composeServices(text: string): ComposeService[] | null {
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
    return null;
  }
}

/** `8080:80`, `127.0.0.1:8080:80`, `9000-9002:9000-9002`, `${WEB:-8080}:80`, `{ published: 8080, target: 80 }`; a port that the engine chooses is `null`. */
function publishedPort(entry: unknown): number | null {
  if (typeof entry === 'object' && entry !== null) {
    const { published, target, protocol = 'tcp' } = entry as Readonly<Record<string, unknown>>;
    return protocol === 'tcp' ? webPort(String(published), String(target)) : null;
  }
  const plain = String(entry).replaceAll(/\$\{\w+:?-(\d+)\}/g, '$1');
  const [, published, target] = /(?:^|:)(\d+)(?:-\d+)?:(\d+)(?:-\d+)?(?:\/tcp)?$/.exec(plain) ?? [];
  return published === undefined ? null : webPort(published, target!);
}

/** Of containers that speak something else: SSH, mail, DNS, TLS, databases, queues. */
const NO_HTTP: ReadonlySet<string> = new Set(
  '22 25 53 110 143 443 465 587 993 1025 1433 1521 1883 3306 4222 5432 5672 6379 9092 11211 27017'.split(' '),
);

function webPort(published: string, target: string): number | null {
  return NO_HTTP.has(target) ? null : portOf(published);
}

function portOf(text: string): number | null {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

/** The folders that a pnpm-workspace.yaml names; none of one that can't be read. Never throws. */
export function workspacePatterns(text: string): string[] {
  try {
    const { packages } = (parse(text, { maxAliasCount: 100 }) ?? {}) as { packages?: unknown };
    return Array.isArray(packages) ? packages.map(String) : [];
  } catch {
    return [];
  }
}
