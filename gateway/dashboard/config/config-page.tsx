import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DraftFile, DraftVerdict } from '../../model/draft.ts';
import type { Session } from '../app.tsx';
import { ask } from '../live/ask.ts';
import { fileName } from '../notices.tsx';
import { Changes } from './changes.tsx';
import { Editor } from './editor.tsx';

const TYPING_MS = 250;

/** The file: what is wrong with what is written, what it would change, and, where that is allowed, a button that writes it. */
export function ConfigPage({ feed }: Session) {
  const file = useSignal<DraftFile | null>(null);
  const text = useSignal('');
  const verdict = useSignal<DraftVerdict | null>(null);
  const said = useSignal<string | null>(null);
  const before = useSignal<string | null>(null);
  const load = async () => {
    const told = await ask<DraftFile>('/draft');
    if (!told.ok) {
      said.value = told.problem;
      return;
    }
    file.value = told.value;
    text.value = told.value.text ?? '';
  };
  useEffect(() => void load(), []);
  const loadedAt = feed.status.value?.config.loadedAt;
  const draft = text.value;
  useEffect(() => {
    if (file.peek()?.text == null) return;
    const ended = new AbortController();
    const timer = setTimeout(async () => {
      const told = await ask<DraftVerdict>('/draft', { body: { text: draft }, signal: ended.signal });
      if (ended.signal.aborted) return;
      verdict.value = told.ok ? told.value : null;
      said.value = told.ok ? null : told.problem;
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [draft, loadedAt]);
  const write = async (written: string) => {
    const current = file.peek()!;
    const told = await ask<DraftFile>('/draft', {
      method: 'PUT',
      body: { text: written, hash: current.hash },
    });
    said.value = told.ok ? 'Written: it takes effect now.' : told.problem;
    if (!told.ok) return;
    before.value = current.text;
    file.value = told.value;
    text.value = told.value.text ?? '';
  };
  const current = file.value;
  if (current === null) return <p class="empty">{said.value ?? 'Reading the file…'}</p>;
  if (current.text === null)
    return (
      <div class="half">
        <h1>{fileName(current.file)}</h1>
        <p class="quiet">{current.readOnly ?? 'It can’t be read.'}</p>
      </div>
    );
  const touched = draft !== current.text;
  const problems = verdict.value?.problems ?? [];
  return (
    <div class="page halves config">
      <div class="half">
        <div class="bar-of-file">
          <h1>{fileName(current.file)}</h1>
          <span class="push" />
          {current.readOnly === null ? (
            <>
              {before.value !== null && !touched && (
                <button type="button" onClick={() => void write(before.peek()!)}>
                  Undo
                </button>
              )}
              <button type="button" disabled={!touched} onClick={() => void load()}>
                Discard
              </button>
              <button
                type="button"
                class="main"
                disabled={!touched || verdict.value?.ok !== true}
                onClick={() => void write(text.peek())}
              >
                Apply
              </button>
            </>
          ) : (
            <span class="quiet">{current.readOnly}</span>
          )}
        </div>
        <Editor text={text} problems={problems} readOnly={current.readOnly !== null} />
        <p class="quiet" role="status">
          {said.value}
        </p>
      </div>
      <div class="half">
        <Changes verdict={verdict.value} touched={touched} />
      </div>
    </div>
  );
}
