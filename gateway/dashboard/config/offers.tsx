import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Offer } from './completion.ts';

interface OffersParts {
  readonly offer: Offer;
  readonly text: string;
  readonly chosen: number;
  readonly take: (field: HTMLTextAreaElement, item: Offer['items'][number]) => void;
}

/** Completions below the current line, or above it where there is no room. The field keeps the focus. */
export function Offers({ offer, text, chosen, take }: OffersParts) {
  const list = useRef<HTMLDivElement>(null);
  const before = text.slice(0, offer.from).split('\n');
  useLayoutEffect(() => {
    const box = list.current!;
    const row = box.parentElement!.querySelector('pre')!.children[before.length - 1];
    if (!(row instanceof HTMLElement)) return;
    const editor = box.closest('.editor')!;
    const [top, bottom] = [row.offsetTop, row.offsetTop + row.offsetHeight];
    const fitsBelow = bottom + box.offsetHeight <= editor.scrollTop + editor.clientHeight;
    const fitsAbove = top - box.offsetHeight >= editor.scrollTop;
    box.style.top = `${fitsAbove && !fitsBelow ? top - box.offsetHeight : bottom}px`;
  }, [text, offer]);
  useEffect(() => {
    const [box, item] = [list.current, list.current?.children[chosen]];
    if (!box || !(item instanceof HTMLElement)) return;
    // The list alone is scrolled, not the field below it.
    const [top, bottom] = [item.offsetTop, item.offsetTop + item.offsetHeight];
    box.scrollTop = Math.min(top, Math.max(box.scrollTop, bottom - box.clientHeight));
  }, [chosen, offer]);
  // In characters of the field, whose type has one width; on a small window, whose rows break, not further than leaves it room.
  const place = { left: `min(var(--numbers) + ${before.at(-1)!.length}ch, 100% - 12rem)` };
  return (
    <div ref={list} id="offers" class="offers" role="listbox" aria-label="What may stand here" style={place}>
      {offer.items.map((item, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus, and names the chosen one (aria-activedescendant)
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field hears the keys
        <div
          key={item.text}
          id={`offer-${index}`}
          class="offer"
          role="option"
          aria-selected={index === chosen}
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => take(event.currentTarget.closest('.layers')!.querySelector('textarea')!, item)}
        >
          <span class="mono">{item.text}</span>
          <span class="quiet">{firstSentence(item.what)}</span>
        </div>
      ))}
    </div>
  );
}

/** Without the links and the signs of its Markdown. */
function firstSentence(text: string): string {
  const plain = text.replace(/ ?\(?\[[^\]]*\]\([^)]*\)\)?/g, '').replaceAll('`', '');
  return plain.split(/(?<=[.;:])\s/)[0]!.replace(/[;:]$/, '');
}
