import { type LoadResult, loadContent } from '../config/load.ts';
import { jsonChanges } from '../exchange/difference.ts';
import { HIDDEN } from '../fields/secrets.ts';
import { contentOf } from '../files/content.ts';
import type { GatewayConfig } from '../model/config.ts';
import type { DraftChange, DraftVerdict, Elsewhere } from '../model/draft.ts';
import { shownSettings } from '../policy/order.ts';
import { diffConfigs } from '../proxy/diff.ts';
import { explainExchange } from '../proxy/explain.ts';
import type { Explanation } from '../route/explanation.ts';
import { routeTableOf } from '../route/table.ts';
import type { AdminView } from './admin-view.ts';

/** How many of the last requests are compared, and how many of the results are shown. */
const ASKED_MAX = 200;
const TOLD_MAX = 20;

/** The effects of a text as the configuration: its problems, or its changes, and which of the last requests they concern. */
export async function validateDraft(text: string, view: AdminView): Promise<DraftVerdict> {
  const now = view.config();
  const loaded = await loadContent(contentOf(Buffer.from(text)), now.file, view.env);
  if (!loaded.ok)
    return { ok: false, problems: problemsOf(loaded), changes: [], needsRestart: [], elsewhere: [] };
  const diff = await diffConfigs(now, loaded.config);
  return {
    ok: true,
    problems: [],
    changes: changesOf(diff, now, loaded.config),
    needsRestart: diff.needsRestart,
    elsewhere: await elsewhereOf(loaded.config, view),
  };
}

function problemsOf(loaded: LoadResult & { ok: false }): DraftVerdict['problems'] {
  return loaded.problems.map(({ file: _, sourceLine: __, sourceFrom: ___, ...problem }) => problem);
}

type Diff = Awaited<ReturnType<typeof diffConfigs>>;

function changesOf(diff: Diff, before: GatewayConfig, after: GatewayConfig): DraftChange[] {
  const [old, now] = [byId(before), byId(after)];
  const labelled = (id: string) => before.routes.some((route) => route.id === id && route.source.origin);
  return [
    ...diff.added.map((id) => ({ kind: 'added', id, details: [], leads: leadsTo(now.get(id)) }) as const),
    ...diff.removed
      // Routes of containers are in no file.
      .filter((id) => !labelled(id))
      .map((id) => ({ kind: 'removed', id, details: [], leads: leadsTo(old.get(id)) }) as const),
    ...diff.changed.map((id) => ({
      kind: 'changed' as const,
      id,
      details: jsonChanges(shown(old.get(id)), shown(now.get(id))),
      leads: null,
    })),
    // Values may be secret, so only the fact of a difference is shown.
    ...diff.settings.map((id) => ({ kind: 'setting', id, details: [], leads: null }) as const),
  ];
}

type Mapped = GatewayConfig['routes'][number] | GatewayConfig['streams'][number];

function byId({ routes, streams }: GatewayConfig): ReadonlyMap<string, Mapped> {
  return new Map<string, Mapped>([...routes, ...streams].map((one) => [one.id, one]));
}

function leadsTo(one: Mapped | undefined): string {
  return one === undefined ? '' : one.upstream.endpoints.map(({ address }) => address.key).join(', ');
}

/** Without where it stands, and without secrets. */
function shown(one: Mapped | undefined): unknown {
  if (one === undefined) return {};
  const { source: _, id: __, ...rest } = one;
  if (!('policies' in rest)) return rest;
  const use = rest.use.map(({ plugin }) => plugin);
  return { ...rest, use, policies: shownSettings(rest.policies) };
}

/** Which of the last requests another route would take, or none. Their fields are not known here, so conditions on them are taken for unmet. */
async function elsewhereOf(config: GatewayConfig, view: AdminView): Promise<Elsewhere[]> {
  const { exchanges } = await view.exchanges.find({ limit: ASKED_MAX });
  const table = routeTableOf(config, view.mode);
  const seen = new Set<string>();
  const elsewhere: Elsewhere[] = [];
  for (const { method, target, host } of exchanges) {
    const name = `${method} ${host} ${target.replace(/\?.*/s, '')}`;
    if (seen.has(name) || elsewhere.length >= TOLD_MAX) continue;
    seen.add(name);
    // Masked values in a query would make an invalid target.
    const input = { method, target: target.replaceAll(HIDDEN, ''), host };
    const [before, after] = [wayOf(view.explain(input)), wayOf(explainExchange(table, config, input))];
    if (before !== after) elsewhere.push({ method, target, host, before, after });
  }
  return elsewhere;
}

function wayOf({ chosen, verdict }: Explanation): string {
  if (chosen !== null) return chosen.id;
  return 'status' in verdict ? String(verdict.status) : verdict.kind;
}
