import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextLines } from './lines.ts';
import { parseConfig } from './parse.ts';
import { parsePlain } from './plain-yaml.ts';
import type { SourceNode } from './source.ts';

const golden = join(import.meta.dirname, 'golden');
const files = readdirSync(golden).filter((name) => name.endsWith('.yaml'));
const texts = files.map((name) => readFileSync(join(golden, name), 'utf8'));
const plain = (text: string) => parsePlain('a.yaml', new TextLines(text));

/** Without the spans of maps and lists, which problems alone need. */
function bare(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') return node.items.map(bare);
  return [...node.entries].map(([key, { keySpan, value }]) => [key, keySpan, bare(value)]);
}

/** Holds what is taken against the library. `false`: it was handed over. */
function agreesOn(text: string): boolean {
  const taken = plain(text);
  if (taken === null) return false;
  const read = parseConfig(text, 'a.yaml');
  if (!read.ok) throw new Error(`the library refuses ${JSON.stringify(text)}`);
  expect({ text, problems: read.document.problems.size }).toEqual({ text, problems: 0 });
  expect({ text, root: bare(taken.root) }).toEqual({ text, root: bare(read.document.root) });
  expect({ text, count: taken.nodeCount }).toEqual({ text, count: read.document.nodeCount });
  return true;
}

describe('what is plainly YAML is read as the library reads it', () => {
  it.each([
    ['a route', 'routes:\n  /db: 3001\n'],
    ['no line break at the end', 'routes:\n  /db: 3001'],
    ['comments and blank lines', '# One.\nroutes: # two\n\n  # three\n  /db: 3001 # four\n\n# five'],
    ['flow maps and lists', 'routes: { /a: [3001, "db:1"], /b: {}, /c: [] }\nlog: { level: debug }\n'],
    ['lists', 'routes:\n  /a:\n    - to: 3001\n      exact: true\n    -  { to: 3002 }\n    - 3\n'],
    ['quotes', `a: "x # y"\nb: 'z: 1'\n"c d": 2\n`],
    ['nothing', 'a:\nb:\n  c:\n'],
    ['numbers and what only looks like them', 'a: 007\nb: 1.0\nc: x-5\nd: 12\ne: 5~\n'],
    ['command lines and variables', `run: node x.ts --a="b" {c} [d], e\nport: \${PORT:-3000}\n`],
    ['hosts with ports as keys', '0.0.0.0:7000: 7001\nshop.localhost/cart: 1\n'],
  ])('%s', (_what, text) => {
    expect(agreesOn(text)).toBe(true);
  });

  it('in the files that people write', () => {
    expect(texts.filter(agreesOn).length).toBeGreaterThan(texts.length / 2);
  });

  it('or handed over, whatever is done to such files', () => {
    const parts = fc.constantFrom(
      ...texts.filter((text) => plain(text) !== null).map((text) => text.split('\n')),
    );
    const bits = fc.constantFrom(
      ...[
        ' ',
        '  ',
        '\n',
        '\n  ',
        ': ',
        ':',
        '- ',
        '-',
        '[',
        ']',
        '{',
        '}',
        ',',
        ', ',
        '"',
        "'",
        '#',
        ' #',
        'a',
        '1',
      ],
      ...[
        '$',
        `\${A}`,
        '&a',
        '*a',
        '!',
        '|',
        '>',
        '%',
        '@',
        '`',
        '?',
        '? ',
        '~',
        '<<: ',
        '\\',
        '/',
        '=',
        '(',
        '---\n',
      ],
      ...['...\n', 'a: b', '"a": b', "'x'", '\t', '\r', 'é'],
    );
    const edit = fc.record({ at: fc.nat(), cut: fc.nat(2), bit: bits });
    const mutated = fc.record({
      lines: parts,
      from: fc.nat(),
      count: fc.integer({ min: 1, max: 8 }),
      edits: fc.array(edit, { maxLength: 4 }),
    });
    let taken = 0;
    fc.assert(
      fc.property(mutated, ({ lines, from, count, edits }) => {
        const start = from % lines.length;
        let text = lines.slice(start, start + count).join('\n');
        for (const { at, cut, bit } of edits) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + bit + text.slice(place + cut);
        }
        if (agreesOn(text)) taken++;
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});

describe('four megabytes of the same', () => {
  it.each(['a', 'a:', ' ', '\n', '#\n', '[', '{ a: ', '"', '1, ', '- ', ' #', 'a: 1\n'])('%j', (bit) => {
    const many = bit.repeat(4_000_000 / bit.length);
    for (const text of [many, `a: ${many}`, `a: [${many}`, `${many}\na: 1\n`]) plain(text);
  });
});

describe('what is not plain is handed over', () => {
  it.each([
    ['an anchor', 'a: &x 1\n'],
    ['an alias', 'a: *x\n'],
    ['a merge', '<<: { a: 1 }\n'],
    ['a tag', 'a: !!str 1\n'],
    ['a block scalar', 'a: |\n  b\n'],
    ['a value of two lines', 'a: b\n  c\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a key that is there twice', 'a: 1\na: 2\n'],
    ['a key that is there twice in one line', 'a: { b: 1, b: 2 }\n'],
    ['a tab', 'a:\tb\n'],
    ['a carriage return', 'a: b\r\n'],
    ['what is no ASCII', 'a: ä\n'],
    ['a list in the column of its key', 'a:\n- b\n'],
    ['two documents', '---\na: 1\n---\nb: 2\n'],
    ['a list at the top', '- a\n'],
    ['a second colon', 'a: b: c\n'],
    ['another column', 'a:\n    b: 1\n  c: 2\n'],
    ['a bracket that is not closed', 'a: [b\n'],
    ['a comma too many', 'a: [b, ]\n'],
    ['nothing at all', ''],
    ['too many levels', `${Array.from({ length: 40 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')}\n`],
  ])('%s', (_what, text) => {
    expect(plain(text)).toBe(null);
  });
});
