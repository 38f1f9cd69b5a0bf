import { useSignal } from '@preact/signals';
import { Sign } from './icons.tsx';

/** @param text the text, or a function that makes it on demand */
export function CopyButton({
  text,
  label = 'Copy',
}: {
  readonly text: string | (() => string);
  readonly label?: string;
}) {
  const said = useSignal<string | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
      said.value = 'Copied';
    } catch {
      said.value = 'The browser doesn’t allow it';
    }
    setTimeout(() => {
      said.value = null;
    }, SAID_MS);
  };
  return (
    <button type="button" class="small" onClick={() => void copy()}>
      <Sign name="copy" />
      <span aria-live="polite">{said.value ?? label}</span>
    </button>
  );
}

const SAID_MS = 1_500;
