import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { DraftProblem } from '../../model/draft.ts';
import { type Piece, piecesOf } from './pieces.ts';

interface EditorParts {
  readonly text: Signal<string>;
  readonly problems: readonly DraftProblem[];
  readonly readOnly: boolean;
}

/**
 * A field for text over the same text in colours, with a wave under what is wrong. A real editor would weigh more than everything else here
 * together; what it needs to know of the file, the gateway says.
 */
export function Editor({ text, problems, readOnly }: EditorParts) {
  const lines = text.value.split('\n');
  return (
    <div class="editor">
      <div class="numbers" aria-hidden="true">
        {lines.map((_, index) => (
          <span key={index + 1} class={problems.some(({ line }) => line === index + 1) ? 'bad' : undefined}>
            {index + 1}
          </span>
        ))}
      </div>
      <div class="layers">
        <pre aria-hidden="true">
          {lines.map((line, index) => (
            <Line
              key={index + 1}
              pieces={piecesOf(
                line,
                problems.filter((problem) => problem.line === index + 1),
              )}
            />
          ))}
        </pre>
        <textarea
          aria-label="Configuration"
          aria-invalid={problems.length > 0}
          aria-describedby="problems"
          value={text.value}
          rows={lines.length}
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          readOnly={readOnly}
          data-filter
          onKeyDown={indent}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </div>
    </div>
  );
}

/** Tab leaves the field, as everywhere: it belongs to the keyboard's way through the page. Enter keeps the indentation. */
function indent(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.isComposing) return;
  const field = event.currentTarget as HTMLTextAreaElement;
  const before = field.value.slice(0, field.selectionStart);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const spaces = /^ */.exec(line)![0] + (/:\s*$/.test(line) ? '  ' : '');
  event.preventDefault();
  field.setRangeText(`\n${spaces}`, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function Line({ pieces }: { readonly pieces: readonly Piece[] }) {
  const shown: ComponentChildren[] = pieces.map(({ text, kind, wrong }, index) => (
    <span key={`${index} ${text}`} class={`yaml-${kind}${wrong ? ' wrong' : ''}`}>
      {text}
    </span>
  ));
  return <>{[...shown, '\n']}</>;
}
