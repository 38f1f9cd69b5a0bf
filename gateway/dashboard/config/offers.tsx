import { useEffect, useRef } from 'preact/hooks';
import type { Offer } from './completion.ts';

interface OffersParts {
  readonly offer: Offer;
  readonly text: string;
  readonly chosen: number;
  readonly take: (field: HTMLTextAreaElement, item: Offer['items'][number]) => void;
}

/** What may be written, below the word that is being written. The field keeps the focus. */
export function Offers({ offer, text, chosen, take }: OffersParts) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const [box, item] = [list.current, list.current?.children[chosen]];
    if (!box || !(item instanceof HTMLElement)) return;
    // The list alone is scrolled, not the field below it.
    const [top, bottom] = [item.offsetTop, item.offsetTop + item.offsetHeight];
    box.scrollTop = Math.min(top, Math.max(box.scrollTop, bottom - box.clientHeight));
  }, [chosen, offer]);
  const before = text.slice(0, offer.from).split('\n');
  // In characters and lines of the field, whose type has one width.
  const place = { left: `${before.at(-1)!.length}ch`, top: `calc(${before.length} * 1.25rem + 0.5rem)` };
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
