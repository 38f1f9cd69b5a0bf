import { basename } from 'node:path';
import { CountedShare } from '../../exchange/share.ts';
import type { LocalAnswer } from '../../fields/exchange.ts';
import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { type RespondSettings, respondForm, respondRow } from './keys.ts';

/** One answer to all requests of a route, in the place of its service, or to a share of them. */
export const respond = policyWithKey('respond', {
  does: 'What `respond` says is the answer, and the request goes no further.',
  row: respondRow,
  forms: { respond: respondForm },
  shown: (settings) => settings,
  async faults(settings) {
    const file = settings?.file ?? null;
    return file === null ? [] : (await import('./body-file.ts')).faultsOfBody(file);
  },
  bind,
});

function bind(settings: RespondSettings | null): BoundPolicy | null {
  if (settings === null || settings.share === 0) return null;
  const { status, file, share } = settings;
  if (share !== null && share < 1) return inPart(bind({ ...settings, share: null })!, share, status);
  const foresee = (says: string) => () => ({ status, says });
  if (file !== null)
    return { ...fromFile(settings, file), foresee: foresee(`answers with ${basename(file)}`) };
  const answer = answerOf(settings, Buffer.from(settings.body ?? ''), 'text/plain');
  return { request: () => answer, foresee: foresee('answers in the place of a service') };
}

function inPart(whole: BoundPolicy, share: number, status: number): BoundPolicy {
  const counted = new CountedShare(share);
  const says = `answers ${Number((share * 100).toFixed(2))} % of the requests with ${status}`;
  return {
    ...whole,
    request: (exchange, context) => (counted.takes() ? whole.request!(exchange, context) : null),
    foresee: () => ({ status: null, says }),
  };
}

function fromFile(settings: RespondSettings, file: string): BoundPolicy {
  let answer: () => LocalAnswer = () => {
    throw new Error('respond was not opened');
  };
  return {
    async open(kept) {
      const { BodyFile } = await import('./body-file.ts');
      const opened = await BodyFile.open(file, kept);
      answer = () => answerOf(settings, opened.body, opened.type);
      return () => opened.close();
    },
    request: () => answer(),
  };
}

function answerOf({ status, fields }: RespondSettings, body: Buffer, type: string): LocalAnswer {
  const named = fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type');
  const charset = /^text\/|[/+](?:json|xml|javascript)$/.test(type) ? '; charset=utf-8' : '';
  const typed = named || body.length === 0 ? [] : ['Content-Type', type + charset];
  return { status, fields: [...typed, ...fields], body };
}
