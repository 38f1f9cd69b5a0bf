import type { Signal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import { Sign } from '../parts/icons.tsx';
import { type Draft, isUnsafe, METHODS } from './draft.ts';

interface FormParts {
  readonly draft: Signal<Draft>;
  readonly send: () => Promise<void>;
  /** Whether `/` leads to its URL. */
  readonly main: boolean;
  /** Why nothing can be sent. */
  readonly locked: string | undefined;
}

/** An editable request. An unsafe one needs a second press to be sent. */
export function RequestForm({ draft, send, main, locked }: FormParts) {
  const busy = useSignal(false);
  const asked = useSignal(false);
  const change = (changed: Partial<Draft>) => {
    asked.value = false;
    draft.value = { ...draft.peek(), ...changed };
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isUnsafe(draft.peek()) && !asked.peek()) {
      asked.value = true;
      return;
    }
    asked.value = false;
    busy.value = true;
    await send();
    busy.value = false;
  };
  const { method, url, fields, body } = draft.value;
  const methods = METHODS.some((one) => one === method) ? METHODS : [method, ...METHODS];
  return (
    <form class="request" onSubmit={(event) => void submit(event)}>
      <div class="line">
        <select
          aria-label="Method"
          value={method}
          onChange={(event) => change({ method: event.currentTarget.value })}
        >
          {methods.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <input
          aria-label="URL"
          class="mono"
          value={url}
          spellcheck={false}
          autocomplete="off"
          placeholder="/path?query"
          data-filter={main ? true : undefined}
          onInput={(event) => change({ url: event.currentTarget.value })}
        />
        <button type="submit" class="main" disabled={busy.value || locked !== undefined} title={locked}>
          <Sign name="send" />
          {asked.value ? `Really ${method}?` : 'Send'}
        </button>
      </div>
      <label>
        Fields
        <textarea
          class="mono"
          rows={Math.min(8, Math.max(2, fields.split('\n').length))}
          value={fields}
          spellcheck={false}
          placeholder="Accept: application/json"
          onInput={(event) => change({ fields: event.currentTarget.value })}
        />
      </label>
      <label>
        Body
        <textarea
          class="mono"
          rows={Math.min(8, Math.max(2, body.split('\n').length))}
          value={body}
          spellcheck={false}
          onInput={(event) => change({ body: event.currentTarget.value })}
        />
      </label>
    </form>
  );
}
