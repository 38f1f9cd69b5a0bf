/** A run of characters of one line of YAML that look the same. */
export interface Piece {
  readonly text: string;
  readonly kind: 'key' | 'comment' | 'value';
  readonly wrong: boolean;
}

/** @param marks from 1, as problems have them */
export function piecesOf(
  line: string,
  marks: ReadonlyArray<{ readonly column: number; readonly length: number }>,
): Piece[] {
  const comment = /(?:^|\s)#.*$/.exec(line)?.index ?? line.length;
  const [whole = '', before = '', key = ''] =
    /^(\s*(?:- +)?)("[^"]*"|'[^']*'|[^\s#{["'][^#]*?)(?=:(?:\s|$))/.exec(line) ?? [];
  const kindAt = (at: number): Piece['kind'] => {
    if (at >= comment) return 'comment';
    return key !== '' && at >= before.length && at < whole.length ? 'key' : 'value';
  };
  const isWrong = (at: number) =>
    marks.some(({ column, length }) => at >= column - 1 && at < column - 1 + length);
  const pieces: Piece[] = [];
  for (let at = 0; at < line.length; at++) {
    const [kind, wrong] = [kindAt(at), isWrong(at)];
    const last = pieces.at(-1);
    if (last?.kind === kind && last.wrong === wrong)
      pieces[pieces.length - 1] = { ...last, text: last.text + line[at]! };
    else pieces.push({ text: line[at]!, kind, wrong });
  }
  return pieces;
}
