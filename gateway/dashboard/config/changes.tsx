import type { DraftChange, DraftProblem, DraftVerdict, Elsewhere } from '../../model/draft.ts';
import { formatMs } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';

/** The effects of the draft, or its problems. */
export function Changes({
  verdict,
  touched,
}: {
  readonly verdict: DraftVerdict | null;
  readonly touched: boolean;
}) {
  if (verdict === null) return null;
  const { problems, changes, needsRestart, elsewhere } = verdict;
  return (
    <>
      <Section title={problems.length > 0 ? 'Problems' : 'Changes'} aside={null}>
        <div id="problems" aria-live="polite">
          {problems.length === 0 && changes.length === 0 && (
            <p class="quiet">
              {touched ? 'It means the same as what is in use.' : 'This is what is in use.'}
            </p>
          )}
          <ul class="plain-list">
            {problems.map((problem) => (
              <ProblemItem key={`${problem.line}:${problem.column} ${problem.path}`} problem={problem} />
            ))}
            {changes.map((change) => (
              <ChangeItem key={`${change.kind} ${change.id}`} change={change} />
            ))}
          </ul>
          {needsRestart.length > 0 && (
            <p class="trouble partly">
              {needsRestart.join(', ')} {needsRestart.length === 1 ? 'takes' : 'take'} effect at the next
              start.
            </p>
          )}
        </div>
      </Section>
      {elsewhere.length > 0 && (
        <Section title="Of the last requests would go elsewhere" aside={String(elsewhere.length)}>
          <ul class="plain-list">
            {elsewhere.map((one) => (
              <ElsewhereItem key={`${one.method} ${one.host} ${one.target}`} one={one} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function ProblemItem({ problem }: { readonly problem: DraftProblem }) {
  const { line, column, path, expected, found, hint } = problem;
  return (
    <li>
      <strong class="down">{line === 0 ? 'The file' : `Line ${line}:${column}`}</strong>{' '}
      <span class="mono">{path}</span>
      <p>
        expected {expected}, got <span class="mono">{found}</span>
      </p>
      {hint !== null && <p class="quiet">{hint}</p>}
    </li>
  );
}

const SIGNS = { added: '+', removed: '−', changed: '~', setting: '~' } as const;
const KINDS = { added: 'up', removed: 'down', changed: 'partly', setting: 'partly' } as const;
const WORDS = { added: 'new', removed: 'gone', changed: 'changed', setting: 'setting changed' } as const;

function ChangeItem({ change }: { readonly change: DraftChange }) {
  const { kind, id, leads, details } = change;
  return (
    <li>
      <span class={`change ${KINDS[kind]}`} aria-hidden="true">
        {SIGNS[kind]}
      </span>
      <span class="path">{id}</span>{' '}
      <span class="quiet">{leads ? `${WORDS[kind]}, → ${leads}` : WORDS[kind]}</span>
      {details.length > 0 && (
        <dl class="fields difference">
          {details.map(({ path, before, after }) => (
            <div key={path}>
              <dt>{nameOf(path)}</dt>
              <dd>
                <del>{shown(path, before)}</del> <ins>{shown(path, after)}</ins>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

/** `/timeouts/responseMs` is `timeouts.response`. */
function nameOf(path: string): string {
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')
    .replace(/Ms$/, '');
}

function shown(path: string, value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (path.endsWith('Ms') && typeof value === 'number') return formatMs(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function ElsewhereItem({ one }: { readonly one: Elsewhere }) {
  return (
    <li>
      <span class="mono">
        {one.method} {one.target}
      </span>{' '}
      <span class="difference">
        <del>{one.before}</del> <ins>{one.after}</ins>
      </span>
    </li>
  );
}
