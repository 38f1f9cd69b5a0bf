import type { SourcePosition } from '../model/config.ts';
import type { LabelledOrigin } from '../model/labels.ts';
import type { PlacedLabel } from './label-tree.ts';
import { TextLines } from './lines.ts';
import type { Span } from './source.ts';

/** A text behind that of the file, and its origin. */
export interface PlacedText {
  readonly origin: { readonly name: string };
  readonly span: Span;
  readonly text: string;
}

/** The labels of one container, and where they stand behind the text of the file. */
export interface PlacedOrigin extends PlacedText {
  readonly origin: LabelledOrigin;
  /** Most have one; `portway.routes.NAME.path` and its like make more. */
  readonly routes: readonly (readonly PlacedLabel[])[];
}

/** Puts all labels behind the file, each on a line of its own: `portway.path=/shop`. */
export function labelTexts(lines: TextLines, origins: readonly LabelledOrigin[]): PlacedOrigin[] {
  let start = lines.text.length + 1;
  return origins.map((origin) => {
    const text = origin.labels.map(([name, value]) => `${name}=${oneLine(value)}`).join('\n');
    const span = { start, end: start + text.length };
    const labels = origin.labels.map(([name, value]) => {
      const label = placed(name, oneLine(value), start);
      start += name.length + 1 + value.length + 1;
      return label;
    });
    return { origin, span, text, routes: [...Map.groupBy(labels, ({ route }) => route).values()] };
  });
}

const PREFIX = 'portway.';

function placed(name: string, value: string, start: number): PlacedLabel {
  const own = /^portway\.routes\.([^.]+)\./.exec(name);
  const skipped = own?.[0].length ?? PREFIX.length;
  return {
    route: own?.[1] ?? '',
    keys: name.slice(skipped).split('.'),
    keyStart: start + skipped,
    value,
    valueStart: start + name.length + 1,
  };
}

/** As long as before. */
function oneLine(value: string): string {
  return value.replace(/[\r\n]/g, ' ');
}

/** The lines of a file, and behind them the labels of containers: a place in those names the container. */
export class LabelledLines extends TextLines {
  readonly #file: TextLines;
  readonly #origins: readonly PlacedText[];

  constructor(file: TextLines, origins: readonly PlacedText[]) {
    super([file.text, ...origins.map(({ text }) => text)].join('\n'));
    this.#file = file;
    this.#origins = origins;
  }

  override positionOf(offset: number): SourcePosition {
    const placed = offset > this.#file.text.length ? this.#at(offset) : undefined;
    if (placed === undefined) return this.#file.positionOf(offset);
    const { line, column } = super.positionOf(offset);
    const first = super.positionOf(placed.span.start).line;
    return { line: line - first + 1, column, origin: placed.origin.name };
  }

  override lineAt(offset: number): string {
    if (offset <= this.#file.text.length) return this.#file.lineAt(offset);
    return super.lineText(super.positionOf(offset).line);
  }

  override lineText(line: number): string {
    return this.#file.lineText(line);
  }

  #at(offset: number): PlacedText | undefined {
    return this.#origins.findLast(({ span }) => span.start <= offset);
  }
}
