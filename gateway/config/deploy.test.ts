/** docs/deploy/: what operators take as it is must be accepted by what it is for. */

import { execFile } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findProgram } from '../proof/testing/machine.ts';
import { loadContent } from './load.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '..', '..');
const deploy = join(top, 'docs', 'deploy');

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: unknown;
}

function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

/** As kubectl renders it; where there is none, the files that it would render. */
async function rendered(name = 'kubernetes'): Promise<KubernetesObject[]> {
  const folder = join(deploy, name);
  const kubectl = findProgram('kubectl', ['version', '--client'], /Client Version: (\S+)/);
  if (kubectl !== null) return objectsIn((await run(kubectl.path, ['kustomize', folder])).stdout);
  const [kustomization] = objectsIn(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
  const { resources } = kustomization as unknown as { resources: readonly string[] };
  return resources
    .filter((resource) => resource.endsWith('.yaml'))
    .flatMap((resource) => objectsIn(readFileSync(join(folder, resource), 'utf8')));
}

it.each(globSync('**/gateway.config.yaml', { cwd: deploy }))('%s is a configuration', async (name) => {
  // The secret is a file of the container.
  const text = readFileSync(join(deploy, name), 'utf8').replace(/, token: \/run\S+ \}/, ', token: keys }');
  const folder = await temporary();
  await writeFile(join(folder, 'keys'), `ops:${'0'.repeat(64)}\n`);
  const file = join(folder, 'gateway.config.yaml');
  const loaded = await loadContent({ ok: true, text, hash: '' }, file, {});
  expect(loaded.ok ? '' : loaded.formatted).toBe('');
});

/**
 * The types of kubernetes-models are made of the OpenAPI document that Kubernetes publishes. A compiler that reads an object as a literal of
 * its type refuses keys that are not in it, which the document itself allows.
 */
it('has only keys and values in kubernetes/ that the published schemas know', async () => {
  const all = [...(await rendered()), ...(await rendered('kubernetes-gateway-api'))];
  // Kinds of their own, which the package does not have.
  const objects = all.filter(({ apiVersion }) => !apiVersion.startsWith('gateway.networking.k8s.io'));
  expect(objects.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining([
      'Deployment',
      'Service',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'ClusterRole',
    ]),
  );
  const lines = objects.map(({ kind, apiVersion, ...rest }, at) => {
    return `const _${at}: import('kubernetes-models/${apiVersion}').I${kind} = ${JSON.stringify({ apiVersion, kind, ...rest })};`;
  });
  const problems = await compiled(`${lines.join('\n')}\nexport {};\n`);
  expect(problems).toBe('');
  const broken = lines.map((line) => line.replace('"readinessProbe"', '"readynessProbe"'));
  expect(await compiled(`${broken.join('\n')}\nexport {};\n`)).toContain('readynessProbe');
});

it('selects its own pods wherever something selects pods', async () => {
  const all = new Map((await rendered()).map((object) => [object.kind, object.spec]));
  const labels = { 'app.kubernetes.io/name': 'portway' };
  expect(all.get('Deployment')).toMatchObject({
    selector: { matchLabels: labels },
    template: { metadata: { labels } },
  });
  expect(all.get('Service')).toMatchObject({ selector: labels });
  expect(all.get('PodDisruptionBudget')).toMatchObject({ selector: { matchLabels: labels } });
  expect(all.get('NetworkPolicy')).toMatchObject({ podSelector: { matchLabels: labels } });
});

/** @returns what the compiler has to say */
async function compiled(source: string): Promise<string> {
  // Within the tree, where packages are found.
  const cache = join(top, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = await temporary(cache);
  const file = join(folder, 'rendered.ts');
  await writeFile(file, source);
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    '',
  ];
  const tsc = join(top, 'node_modules', '.bin', 'tsc');
  return run(tsc, ['--ignoreConfig', ...options, file]).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout.replaceAll(folder, ''),
  );
}

async function temporary(within = process.env.TMPDIR ?? '/tmp'): Promise<string> {
  const folder = await mkdtemp(join(within, 'deploy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
