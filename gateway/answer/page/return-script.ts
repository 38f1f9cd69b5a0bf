import { scriptPolicy } from './document.ts';

/**
 * Takes the page again when its service is back: asks with the same method as a browser that goes to a page (GET), until the
 * answer is none of the gateway's own errors. `Prefer: wait` (RFC 7240 §4.3): the gateway holds the question for a second, as it holds that
 * of a browser, and the page shows what the service says meanwhile.
 */
export const returnScript = `
'use strict';
(() => {
  const everyMs = 1000;
  const ask = async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html', prefer: 'wait=1' }, cache: 'no-store', redirect: 'manual' });
      if (!answer.headers.has('proxy-status')) return location.reload();
      const told = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
      if (told) document.querySelector('main').replaceWith(told);
    } catch {}
    setTimeout(ask, everyMs);
  };
  setTimeout(ask, everyMs);
})();
`;

export const returnPolicy = scriptPolicy(returnScript);
