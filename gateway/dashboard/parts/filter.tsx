import type { Signal } from '@preact/signals';
import { Sign } from './icons.tsx';

/** The field that `/` leads to. */
export function Filter({ text, label }: { readonly text: Signal<string>; readonly label: string }) {
  return (
    <label class="filter">
      <Sign name="search" />
      <span class="unseen">{label}</span>
      <input
        type="search"
        data-filter
        placeholder={label}
        value={text.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </label>
  );
}
