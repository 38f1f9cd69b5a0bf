import { describe, expect, it } from 'vitest';
import { longestLine, OutputLines } from './output-lines.ts';

function linesOf(pieces: readonly string[]): string[] {
  const lines: string[] = [];
  const output = new OutputLines((line) => lines.push(line));
  for (const piece of pieces) output.write(piece);
  output.end();
  return lines;
}

describe('OutputLines', () => {
  it.each([
    ['several lines in one piece', ['a\nb\nc\n'], ['a', 'b', 'c']],
    ['a line in many pieces', ['he', 'll', 'o\n'], ['hello']],
    ['an empty line', ['a\n\nb\n'], ['a', '', 'b']],
    ['CRLF', ['a\r\nb\r\n'], ['a', 'b']],
    ['CRLF split between two pieces', ['a\r', '\nb\n'], ['a', 'b']],
    ['a last line without a break', ['a\nb'], ['a', 'b']],
    ['a progress bar', ['10%\r', '50%\r100%', '\r\n'], ['100%']],
    ['nothing', [], []],
  ])('gives whole lines for %s', (_what, pieces, expected) => {
    expect(linesOf(pieces)).toEqual(expected);
  });

  it('cuts a very long line and says how much is missing', () => {
    const line = 'x'.repeat(longestLine);
    expect(linesOf([line, 'yz', `z\nnext\n`])).toEqual([`${line} ... (3 more characters)`, 'next']);
  });

  it('holds no more than one line of a stream without breaks', () => {
    const lines: string[] = [];
    const output = new OutputLines((line) => lines.push(line));
    for (let megabyte = 0; megabyte < 16; megabyte++) output.write('x'.repeat(2 ** 20));
    output.end();
    expect(lines).toHaveLength(1);
    expect(lines[0]?.length).toBeLessThan(longestLine + 50);
  });
});
