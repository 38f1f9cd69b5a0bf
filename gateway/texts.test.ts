import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig, loadContent } from './config/load.ts';
import { configurationFolder } from './proof/testing/gateway.ts';
import { runPortway } from './proof/testing/portway.ts';

/** README and docs, held to what the code does: links lead somewhere, YAML is accepted, outputs are those of the commands. */

const repository = fileURLToPath(new URL('../', import.meta.url));
const pages = [
  'README.md',
  'CHANGELOG.md',
  'services/README.md',
  ...globSync('docs/**/*.md', { cwd: repository }),
].sort();

interface Block {
  readonly language: string;
  readonly text: string;
}

function textOf(page: string): string {
  return readFileSync(join(repository, page), 'utf8');
}

function blocksOf(page: string): Block[] {
  const fences = textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return Array.from(fences, ([, language = '', text = '']) => ({ language, text }));
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

/** GitHub's anchors: lower case, punctuation dropped, blanks to hyphens. */
function anchorsOf(page: string): string[] {
  const headings = Array.from(textOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const links = Array.from(
    withoutBlocks(textOf(page).replaceAll(/\[`([^`]*)`\]/g, '[$1]')).matchAll(/\]\(([^)\s]+)\)/g),
    ([, to = '']) => to,
  );

  test('has links that lead somewhere', () => {
    expect(
      links.filter((to) => !to.startsWith('https://')).filter((to) => !leadsSomewhere(page, to)),
    ).toEqual([]);
  });

  test('names no address of a machine that it was written on', () => {
    expect(textOf(page)).not.toMatch(/\/(?:tmp|work|root|home)\//);
  });
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(repository, join(repository, dirname(page), path));
  if (!existsSync(join(repository, target))) return false;
  return anchor === undefined || (target.endsWith('.md') && anchorsOf(target).includes(anchor));
}

/** Files and variables that an example names are the reader's. */
const OF_THE_READER =
  /got (?:no file of that name|.* where nothing is|a variable that is not set|".*\.m?js")$/;

test.each(pages.filter((page) => page.startsWith('docs/') && textOf(page).includes('```yaml')))(
  '%s has YAML that is accepted',
  async (page) => {
    const yaml = blocksOf(page).filter(({ language, text }) => language === 'yaml' && !isCompose(text));
    const problems = yaml.map(async ({ text }) => {
      const whole = /^routes:/m.test(text) ? text : `${text}\nroutes: {}\n`;
      const loaded = await loadContent({ ok: true, text: whole, hash: '' }, 'a.yaml', {});
      return loaded.ok ? [] : loaded.formatted.split('\n').filter((line) => /^a\.yaml:/.test(line));
    });
    const found = (await Promise.all(problems)).flat();
    expect(found.filter((line) => !OF_THE_READER.test(line))).toEqual([]);
  },
);

function isCompose(text: string): boolean {
  return /^ +(?:image|build):/m.test(text);
}

describe('README.md', () => {
  const blocks = blocksOf('README.md');
  const yaml = blocks.filter(({ language }) => language === 'yaml');
  const commands = blocks.flatMap(({ text }, at) => {
    const [, line, output] = /^\$ npx portway ([^\n]+)\n([\s\S]*)$/.exec(text) ?? [];
    const before = blocks.slice(0, at).findLast(({ language }) => language === 'yaml')?.text ?? '';
    return line === undefined ? [] : [{ line, output, configuration: before }];
  });

  test('shows a map of the shipped configuration', async () => {
    const { routes, streams, services } = await shippedConfiguration();
    const mapped = [...routes, ...streams];
    const ports = mapped.map(
      ({
        upstream: {
          endpoints: [endpoint],
        },
      }) => (endpoint?.address.kind === 'tcp' ? endpoint.address.port : null),
    );
    const nameOf = (port: number | null) => services.find((service) => service.port === port)?.name ?? '';
    const routed = mapped.map(({ id }, at) => [id, String(ports[at]), nameOf(ports[at] ?? null), 'ready']);
    const others = services.filter(({ port }) => !ports.includes(port));
    const unrouted = others.map(({ name, port }) => ['-', String(port), name, 'ready']);
    expect(shownRows(blocks)).toEqual([['/', '3000', 'gateway', 'ready'], ...routed, ...unrouted]);
    expect(shownNames(blocks)).toEqual(routes.map(({ id }) => `http://${id.slice(1)}.localhost:3000`));
  });

  test('has YAML that is accepted, but for the file whose problems it shows', async () => {
    const loaded = await Promise.all(
      yaml.map(({ text }) => loadContent({ ok: true, text, hash: '' }, 'a.yaml', {})),
    );
    const refused = yaml.filter((_, at) => loaded[at]?.ok !== true).map(({ text }) => text);
    expect(refused).toEqual([commands.find(({ line }) => line === 'check')?.configuration]);
  });

  test('shows commands', () => {
    expect(commands.map(({ line }) => line.split(' ')[0])).toEqual(['explain', 'check']);
  });

  test.each(commands)('shows what `portway $line` prints', async ({ line, output, configuration }) => {
    const cwd = await configurationFolder(configuration);
    const args = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? '');
    expect((await runPortway(args, { cwd })).stdout).toBe(output);
  });
});

test('services/README.md has a section for each service', () => {
  const services = globSync('services/*/main.ts', { cwd: repository }).map((file) => file.split(sep)[1]);
  const sections = textOf('services/README.md').matchAll(/^## (\w+), \d+/gm);
  expect(Array.from(sections, ([, name]) => name).sort()).toEqual(services.sort());
});

describe('docs/decisions', () => {
  test('names each dependency of the gateway, and no other', () => {
    const manifest = JSON.parse(textOf('gateway/package.json')) as Record<string, Record<string, string>>;
    const record = textOf('docs/decisions/0021-dependencies.md');
    const named = Array.from(record.matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(manifest.dependencies ?? {}).sort());
    const tools = Object.keys(manifest.devDependencies ?? {});
    expect(tools.filter((name) => !record.includes(`\`${name}\``))).toEqual([]);
  });

  test('lists every record once, in order, under its title', () => {
    const records = pages.filter((page) => /^docs\/decisions\/\d/.test(page));
    const listed = records.map(
      (page) => `- [${/^# (.+)$/m.exec(textOf(page))?.[1]}](${page.slice('docs/decisions/'.length)})`,
    );
    expect(
      textOf('docs/decisions/README.md')
        .split('\n')
        .filter((line) => line.startsWith('- ')),
    ).toEqual(listed);
  });

  test.each(pages.filter((page) => /^docs\/decisions\/\d/.test(page)))(
    '%s has context, decision and consequence',
    (page) => {
      expect(textOf(page).match(/^## .+$/gm)).toEqual(['## Context', '## Decision', '## Consequence']);
    },
  );
});

async function shippedConfiguration() {
  const loaded = await loadConfig(join(repository, 'gateway.config.yaml'), {});
  if (!loaded.ok) throw new Error(loaded.formatted);
  return loaded.config;
}

function shownMap(blocks: readonly Block[]): string {
  return blocks.find(({ text }) => text.includes('Portway is open at'))?.text ?? '';
}

function shownNames(blocks: readonly Block[]): string[] {
  return Array.from(shownMap(blocks).matchAll(/^ {4}(http:\S+)$/gm), ([, name = '']) => name);
}

/** Cells of the map's rows, below its header. */
function shownRows(blocks: readonly Block[]): string[][] {
  const rows = shownMap(blocks).matchAll(/^ {2}(\S+(?: \d+)?) +→ (\d+) +(\S*) +(\S+) *$/gm);
  return Array.from(rows, ([, path = '', port = '', process = '', state = '']) => [
    path,
    port,
    process,
    state,
  ]);
}
