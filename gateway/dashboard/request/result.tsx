import type { AnswerDifference, BodyView, ReplayResult } from '../../model/exchanges.ts';
import { FieldList } from '../parts/field-list.tsx';
import { formatBytes, formatMs } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';
import { TextBlock } from '../parts/text-block.tsx';
import { StatusSign } from '../stream/status-sign.tsx';

/** The answer, and its differences from the earlier one. */
export function Result({ result }: { readonly result: ReplayResult }) {
  const { after, difference } = result;
  return (
    <section class="result" aria-label="What came back" aria-live="polite">
      <p class="under">
        <StatusSign exchange={{ status: after.status, code: null }} />
        <span class="quiet">
          {formatMs(after.totalMs)}
          {after.body !== null && `, ${formatBytes(after.body.bytes)}`}
        </span>
      </p>
      {difference !== null && <Difference difference={difference} />}
      <Section title="What came back" aside={`${after.fields.length} fields`}>
        <FieldList fields={after.fields} />
        {after.body !== null && <Body body={after.body} label="body of what came back" />}
      </Section>
    </section>
  );
}

export function Body({ body, label }: { readonly body: BodyView; readonly label: string }) {
  const { kind, parts, base64, type, bytes, truncated } = body;
  const text = parts ?? body.text;
  if (kind === 'image' && base64 !== null)
    return <img class="shown" alt={label} src={`data:${imageType(type)};base64,${base64}`} />;
  if (text === null || text === '')
    return bytes === 0 ? null : <p class="quiet">{formatBytes(bytes)} that are no text.</p>;
  return (
    <>
      <TextBlock text={kind === 'json' ? indented(text) : text} label={label} kind="body" />
      {truncated && <p class="quiet">Its beginning; the whole has {formatBytes(bytes)}.</p>}
    </>
  );
}

/** The service's media type becomes part of a data URL. */
function imageType(type: string | null): string {
  return /^image\/[\w.+-]+/.exec(type ?? '')?.[0] ?? 'image/png';
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Difference({ difference }: { readonly difference: AnswerDifference }) {
  const { length } = rowsOf(difference);
  return (
    <Section title="Differs from the answer of then" aside={length === 0 ? null : String(length)}>
      {length === 0 ? (
        <p class="quiet">
          {difference.body.same === null ? 'Not in status and fields; its body was not kept.' : 'In nothing.'}
        </p>
      ) : (
        <DifferenceList difference={difference} />
      )}
    </Section>
  );
}

/** Differences between two answers, one below the other. */
export function DifferenceList({ difference }: { readonly difference: AnswerDifference }) {
  return (
    <dl class="fields difference">
      {rowsOf(difference).map(([name, before, after]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <del>{before ?? 'not there'}</del> <ins>{after ?? 'not there'}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function rowsOf({ status, fields, body }: AnswerDifference) {
  return [
    ...(status === null ? [] : [['status', status.before, status.after] as const]),
    ...fields.map(({ name, before, after }) => [name, before, after] as const),
    ...body.changes.map(
      ({ path, before, after }) => [path === '' ? 'body' : path, shown(before), shown(after)] as const,
    ),
    ...(body.kind === 'text' && body.same === false ? [['body', 'as it was', 'another one'] as const] : []),
  ];
}

function shown(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
