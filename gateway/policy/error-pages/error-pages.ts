import { wantsPage } from '../../fields/accept.ts';
import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { type ErrorPagesSettings, errorPagesForm, errorPagesRow } from './keys.ts';
import type { OpenedPages } from './opened-pages.ts';
import type { pagedAnswer } from './paged-answer.ts';

/** HTML files in the place of errors, for people. */
export const errorPages = policyWithKey('errorPages', {
  does: 'Errors have the pages that `errorPages` names, where a browser asks.',
  row: errorPagesRow,
  forms: { errorPages: errorPagesForm },
  shown: (settings) => settings,
  async faults(settings) {
    if (settings === null) return [];
    return (await import('./opened-pages.ts')).faultsOfPages(settings.pages.slice(0, settings.own));
  },
  bind: (settings) => (settings === null || settings.pages.length === 0 ? null : bind(settings)),
});

function bind({ pages, services }: ErrorPagesSettings): BoundPolicy {
  let opened: OpenedPages | null = null;
  /** Its timer is nothing that a configuration may load. */
  let answer: typeof pagedAnswer | null = null;
  const pageOf = (status: number) => opened?.of(status) ?? null;
  const listed = pages.map(({ statuses }) => statuses).join(', ');
  const whose = services ? 'of the service and of the gateway' : 'of the gateway';
  return {
    async open(kept) {
      const { OpenedPages: Opened } = await import('./opened-pages.ts');
      const all = await Opened.open(pages, kept);
      opened = all;
      if (services) answer = (await import('./paged-answer.ts')).pagedAnswer;
      return () => all.close();
    },
    errorPage: (status, requestId) => pageOf(status)?.of(status, requestId) ?? null,
    ...(services && {
      client: (client, { facts, record }) =>
        answer === null ? client : answer(client, pageOf, wantsPage(facts.accept), record),
    }),
    explain: [`errors ${whose} have pages where a browser asks: ${listed}`],
  };
}
