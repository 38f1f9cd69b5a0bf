/** Checks a configuration against the disk: whether its files, folders and plugins exist and are valid. */

import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import type { GatewayConfig, RouteConfig, TlsConfig } from '../model/config.ts';
import { CHECKED_ON_DISK } from '../policy/order.ts';
import { readTlsFiles } from './certificate-files.ts';
import { pluginFile } from './plugin-file.ts';
import type { PlacedRoute } from './routes.ts';
import { nodeAt, type PathKey } from './source.ts';
import { reportValue, type SourceDocument } from './source-document.ts';

/** Faults go to the document's problems. @param config `null`: it can't be made, and only routes are looked at. */
export async function reportOnDisk(
  config: GatewayConfig | null,
  placed: readonly PlacedRoute[],
  document: SourceDocument,
): Promise<void> {
  await reportMissing('extend', ({ extend }) => extend, placed, document);
  await reportPlugins(placed, document);
  await reportMissing('folder', ({ folder }) => folder?.path ?? null, placed, document);
  await reportCertificates(config, document);
  await reportPolicies(config, placed, document);
  await reportAdminKeys(config, document);
}

type Kind = 'folder' | 'file' | 'other' | 'nothing';

/** The exports of a module are checked when its route is built. */
async function reportMissing(
  key: 'extend' | 'folder',
  pathOf: (route: RouteConfig) => string | null,
  placed: readonly PlacedRoute[],
  document: SourceDocument,
): Promise<void> {
  const wanted: Kind = key === 'folder' ? 'folder' : 'file';
  const paths = [...new Set(placed.flatMap(({ route }) => pathOf(route) ?? []))];
  const kinds = new Map(await Promise.all(paths.map(async (path) => [path, await kindOf(path)] as const)));
  for (const { route, path } of placed) {
    const kind = kinds.get(pathOf(route) ?? '') ?? wanted;
    const at = [...path, key];
    const node = kind === wanted ? null : nodeAt(document.root, at);
    if (node?.kind !== 'scalar') continue;
    const there = wanted === 'file' ? 'no file is' : kind === 'nothing' ? 'nothing is' : 'a file is';
    reportValue(document, at, {
      expected: `the path of a ${wanted === 'file' ? 'module' : 'folder'}`,
      found: `${JSON.stringify(node.value)}, where ${there}`,
      hint: `the path begins in the folder of ${basename(document.file)}`,
    });
  }
}

/** Whether it is a plugin, and takes its options, is found when the route is built. */
async function reportPlugins(
  placed: readonly PlacedRoute[],
  { file, root, problems }: SourceDocument,
): Promise<void> {
  for (const { route, path, span } of placed) {
    for (const [index, used] of route.use.entries()) {
      if ((await pluginFile(used)) !== null) continue;
      const at = [...path, 'use', index];
      const node = nodeAt(root, [...at, 'plugin']) ?? nodeAt(root, at);
      problems.add(node?.span ?? span, at, {
        expected: 'a Fastify plugin that is installed',
        found: JSON.stringify(used.plugin),
        hint: isAbsolute(used.plugin)
          ? `no file is there; the path begins in the folder of ${basename(file)}`
          : `type "npm install ${used.plugin}" in the folder of ${basename(file)}`,
      });
    }
  }
}

async function reportCertificates(config: GatewayConfig | null, document: SourceDocument): Promise<void> {
  const report = async (tls: TlsConfig, at?: readonly PathKey[]) => {
    const reading = await readTlsFiles(tls, Date.now(), at);
    if (reading.ok) return;
    for (const { path, fault } of reading.faults) {
      // One alone need not stand in a list.
      const listed = nodeAt(document.root, path) !== null;
      reportValue(document, listed ? path : path.filter((key) => key !== 0), fault);
    }
  };
  if (config?.tls) await report(config.tls);
  // With `true` they are those of above.
  if (config?.admin?.tls && config.admin.tls.certificates !== config.tls?.certificates)
    await report(config.admin.tls, ['admin', 'tls']);
}

/** Inherited settings are checked, and reported, once for all routes. */
async function reportPolicies(
  config: GatewayConfig | null,
  placed: readonly PlacedRoute[],
  document: SourceDocument,
): Promise<void> {
  const seen = new Set<unknown>([null, undefined]);
  const unrouted = { policies: config?.unrouted ?? {}, path: [] };
  const routes = placed.map(({ route: { policies }, path }) => ({ policies, path }));
  for (const { policies, path } of [unrouted, ...routes]) {
    for (const { key, faults } of CHECKED_ON_DISK) {
      const settings = policies[key];
      if (seen.has(settings)) continue;
      seen.add(settings);
      const holder = nodeAt(document.root, [...path, key]) === null ? [] : path;
      for (const { path: below, ...fault } of await faults(settings))
        reportValue(document, [...holder, key, ...below], fault);
    }
  }
}

async function reportAdminKeys(config: GatewayConfig | null, document: SourceDocument): Promise<void> {
  const file = config?.admin?.token;
  if (file === undefined) return;
  const { KEYS_FILE, readKeys } = await import('../policy/auth/api-keys/api-keys.ts');
  const { faultsOfFile } = await import('../policy/followed-file.ts');
  for (const { path, ...fault } of await faultsOfFile(file, ['admin', 'token'], KEYS_FILE, readKeys))
    reportValue(document, path, fault);
}

async function kindOf(path: string): Promise<Kind> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other';
  } catch {
    return 'nothing';
  }
}
