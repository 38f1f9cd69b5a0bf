import { scriptPolicy } from './document.ts';

/**
 * Reloads the page when its service is back: asks with GET, like a browser's navigation, until the answer is not one of the gateway's
 * errors. With `Prefer: wait` (RFC 7240 §4.3) the gateway holds the request for a second, as it holds a navigation, and the page shows the
 * service's output meanwhile.
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
