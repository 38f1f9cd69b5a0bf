import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { DraftProblem } from '../../model/draft.ts';
import { type Offer, offerAt, type Schema } from './completion.ts';
import { Offers } from './offers.tsx';
import { type Piece, piecesOf } from './pieces.ts';

interface EditorParts {
  readonly text: Signal<string>;
  readonly problems: readonly DraftProblem[];
  readonly readOnly: boolean;
  /** The schema for completions; `null`: not loaded yet. */
  readonly schema: Schema | null;
}

/**
 * A text field over the same text in colours, with problems underlined. An editor library would weigh more than the rest of the dashboard;
 * the gateway provides all knowledge of the file.
 */
export function Editor({ text, problems, readOnly, schema }: EditorParts) {
  const offer = useSignal<Offer | null>(null);
  const chosen = useSignal(0);
  const look = (field: HTMLTextAreaElement, asked = false) => {
    const isAPoint = field.selectionStart === field.selectionEnd;
    offer.value = schema && isAPoint ? offerAt(field.value, field.selectionStart, schema, asked) : null;
    chosen.value = 0;
  };
  const take = (field: HTMLTextAreaElement, item: Offer['items'][number]) => {
    field.setRangeText(item.insert, offer.peek()!.from, field.selectionStart, 'end');
    text.value = field.value;
    offer.value = null;
    field.focus();
  };
  const keyed = (event: KeyboardEvent) => {
    const field = event.currentTarget as HTMLTextAreaElement;
    if (event.key === ' ' && event.ctrlKey) look(field, true);
    else if (offer.peek() === null) return indent(event);
    else if (event.key === 'Escape') offer.value = null;
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const { length } = offer.peek()!.items;
      chosen.value = (chosen.peek() + (event.key === 'ArrowDown' ? 1 : length - 1)) % length;
    } else if (event.key === 'Enter' || event.key === 'Tab') take(field, offer.peek()!.items[chosen.peek()]!);
    else return;
    event.preventDefault();
  };
  const lines = text.value.split('\n');
  return (
    <div class="editor">
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
          spellcheck={false}
          autocapitalize="off"
          readOnly={readOnly}
          data-filter
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={offer.value === null ? undefined : 'offers'}
          aria-activedescendant={offer.value === null ? undefined : `offer-${chosen.value}`}
          onKeyDown={keyed}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            look(event.currentTarget);
          }}
          onBlur={() => {
            offer.value = null;
          }}
        />
        {offer.value !== null && (
          <Offers offer={offer.value} text={text.value} chosen={chosen.value} take={take} />
        )}
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
  return <div class={pieces.some(({ wrong }) => wrong) ? 'row bad-row' : 'row'}>{shown}</div>;
}
