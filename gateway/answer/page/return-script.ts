import { scriptPolicy } from './document.ts';

/**
 * Takes the page again when its service is back: asks every second, with the same method as a browser that goes to a page (GET), until the
 * answer is none of the gateway's own errors.
 */
export const returnScript = `
'use strict';
(() => {
  const everyMs = 1000;
  const ask = async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store', redirect: 'manual' });
      if (!answer.headers.has('proxy-status')) return location.reload();
    } catch {}
    setTimeout(ask, everyMs);
  };
  setTimeout(ask, everyMs);
})();
`;

export const returnPolicy = scriptPolicy(returnScript);
