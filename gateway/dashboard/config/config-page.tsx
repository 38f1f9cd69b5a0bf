import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DraftFile, DraftVerdict } from '../../model/draft.ts';
import type { GatewayStatus } from '../../model/status.ts';
import { ask } from '../live/ask.ts';
import type { Feed } from '../live/feed.ts';
import { fileName } from '../notices.tsx';
import { formatShare, formatTime } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';
import type { Session } from '../session.ts';
import { countsOf } from './applied.ts';
import { Changes } from './changes.tsx';
import type { Schema } from './completion.ts';
import { Editor } from './editor.tsx';

const TYPING_MS = 250;

/** The file: problems and effects of the draft, and, if allowed, a button that writes it. */
export function ConfigPage({ feed, applied }: Session) {
  const file = useSignal<DraftFile | null>(null);
  const text = useSignal('');
  const verdict = useSignal<DraftVerdict | null>(null);
  const said = useSignal<string | null>(null);
  const load = async () => {
    const told = await ask<DraftFile>('/draft');
    if (!told.ok) {
      said.value = told.problem;
      return;
    }
    file.value = told.value;
    text.value = told.value.text ?? '';
  };
  const schema = useSignal<Schema | null>(null);
  useEffect(() => {
    void load();
    // Without it nothing is offered, and all else works.
    void ask<Schema>('/schema').then((told) => {
      schema.value = told.ok ? told.value : null;
    });
  }, []);
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
  /** @returns the former text; `null`: nothing was written */
  const write = async (written: string): Promise<string | null> => {
    const current = file.peek()!;
    const told = await ask<DraftFile>('/draft', {
      method: 'PUT',
      body: { text: written, hash: current.hash },
    });
    said.value = told.ok ? 'Written: it takes effect now.' : told.problem;
    if (!told.ok) return null;
    file.value = told.value;
    text.value = told.value.text ?? '';
    return current.text;
  };
  const apply = async () => {
    const status = feed.status.peek();
    const share = status === null ? 0 : failedLately(feed, status);
    const before = await write(text.peek());
    if (before !== null && status !== null) applied.note(before, status, share);
  };
  const undo = async () => {
    const last = applied.past.peek()[0];
    if (last !== undefined && (await write(last.text)) !== null) applied.takenBack();
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
  const past = applied.past.value;
  const worse = feed.status.value === null ? null : applied.worse(feed.status.value);
  const problems = verdict.value?.problems ?? [];
  return (
    <div class="page halves config">
      <div class="half">
        <div class="bar-of-file">
          <h1>{fileName(current.file)}</h1>
          <span class="push" />
          {current.readOnly === null ? (
            <>
              {past[0] !== undefined && !touched && (
                <button type="button" onClick={() => void undo()}>
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
                onClick={() => void apply()}
              >
                Apply
              </button>
            </>
          ) : (
            <span class="quiet">{current.readOnly}</span>
          )}
        </div>
        <Editor text={text} problems={problems} readOnly={current.readOnly !== null} schema={schema.value} />
        <p class="quiet" role="status">
          {said.value}
        </p>
      </div>
      <div class="half">
        {worse !== null && past[0] !== undefined && (
          <section class="notice inside" role="alert">
            <strong>{formatShare(worse.since)} of requests fail since this was applied</strong>, before it{' '}
            {formatShare(worse.before)} did.{' '}
            <span class="buttons">
              <button type="button" onClick={() => void undo()}>
                Roll back
              </button>
              <button type="button" onClick={() => applied.settle()}>
                Leave it so
              </button>
            </span>
          </section>
        )}
        <Changes verdict={verdict.value} touched={touched} />
        {past.length > 0 && (
          <Section title="Before" aside={String(past.length)}>
            <ul class="plain-list">
              {past.map((one) => (
                <li key={one.at}>
                  <span class="mono">until {formatTime(one.at)}</span>{' '}
                  <span class="quiet">{linesOf(one.text, current.text ?? '')}</span>
                  <button type="button" class="small aside" onClick={() => (text.value = one.text)}>
                    Look at it
                  </button>
                </li>
              ))}
            </ul>
          </Section>
        )}
      </div>
    </div>
  );
}

/** Of the last minute, and where nothing came in it, since the start. */
function failedLately({ rates }: Feed, status: GatewayStatus): number {
  const spans = status.routes.flatMap(({ id }) => rates.span(id) ?? []);
  const lately = {
    requests: spans.reduce((sum, one) => sum + one.requests, 0),
    failed: spans.reduce((sum, one) => sum + one.failed, 0),
  };
  const { requests, failed } = lately.requests > 0 ? lately : countsOf(status);
  return requests === 0 ? 0 : failed / requests;
}

/** How many lines stand in one of both alone. */
function linesOf(before: string, now: string): string {
  const [old, fresh] = [new Set(before.split('\n')), new Set(now.split('\n'))];
  const differ =
    [...old].filter((line) => !fresh.has(line)).length + [...fresh].filter((line) => !old.has(line)).length;
  return differ === 0 ? 'as it is now' : `${differ} ${differ === 1 ? 'line differs' : 'lines differ'}`;
}
