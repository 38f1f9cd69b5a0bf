import { describe, expect, it } from 'vitest';
import { RecentLines } from './recent-lines.ts';

function linesOf(...lines: string[]): RecentLines {
  const recent = new RecentLines();
  recent.beginLife();
  for (const line of lines) recent.add(line);
  return recent;
}

const noise = (count: number) => Array.from({ length: count }, (_, index) => `GET /${index}`);
const inside = (count: number) =>
  Array.from({ length: count }, (_, index) => `    at step${index} (node:internal/modules/run:${index}:3)`);

describe('the lines of a crash', () => {
  it('are the message of the error and the frames of its own code', () => {
    const lines = linesOf(
      ...noise(30),
      'Error: no table named users',
      '    at query (/app/db.ts:12:9)',
      '    at Layer.handle (/app/node_modules/express/lib/layer.js:95:5)',
      ...inside(25),
      '    at main (/app/main.ts:3:1)',
      '',
      'Node.js v26.10.0',
    );
    expect(lines.newest()).toEqual([
      'Error: no table named users',
      '    at query (/app/db.ts:12:9)',
      '    at main (/app/main.ts:3:1)',
      '',
      'Node.js v26.10.0',
    ]);
  });

  it('are at most 20, from the message on', () => {
    const frames = Array.from({ length: 30 }, (_, index) => `    at f${index} (/app/deep.ts:${index}:1)`);
    const shown = linesOf('TypeError: x is not a function', ...frames).newest();
    expect(shown).toEqual(['TypeError: x is not a function', ...frames.slice(0, 19)]);
  });

  it('are the whole of a traceback, whose message stands last', () => {
    const traceback = ['Traceback (most recent call last):', '  File "a.py", line 1', 'ValueError: no'];
    expect(linesOf(...traceback).newest()).toEqual(traceback);
  });

  it('are the newest 20 where no error is named', () => {
    expect(linesOf(...noise(30)).newest()).toEqual(noise(30).slice(10));
  });

  it('are never those of an earlier life', () => {
    const lines = linesOf('Error: long ago', '    at x (/app/a.ts:1:1)');
    lines.beginLife();
    lines.add('out of memory');
    expect(lines.newest()).toEqual(['out of memory']);
  });
});
