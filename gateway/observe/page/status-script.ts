import { scriptPolicy } from '../../answer/page/document.ts';

/**
 * Keeps the page up to date: asks for the status every two seconds, and when it is another one than what is shown, takes
 * the page's own HTML again. So there is one place that makes HTML, and nothing moves while nothing changes.
 */
export const statusScript = `
'use strict';
(() => {
  const everyMs = 2000;
  const patienceMs = 5000;
  const lost = document.getElementById('lost');
  const lostSince = document.getElementById('lost-since');
  let timer;

  async function load(type) {
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await fetch(location.pathname, { headers: { accept: type }, cache: 'no-store', signal });
    // A gateway that is being stopped answers 503: what is on the screen is of more use than that.
    if (!answer.ok) throw new Error(answer.statusText);
    return answer;
  }

  async function refresh() {
    clearTimeout(timer);
    try {
      const answer = await load('application/json');
      // A route has taken this path over.
      if (!(answer.headers.get('content-type') || '').startsWith('application/json')) return location.reload();
      const status = await answer.json();
      if (status.version !== document.querySelector('main').dataset.version) await renew();
      reached();
    } catch {
      unreachable();
    }
    if (!document.hidden) timer = setTimeout(refresh, everyMs);
  }

  async function renew() {
    const answer = await load('text/html');
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!page.querySelector('main[data-version]')) return location.reload();
    const open = [...document.querySelectorAll('details[open]')].map((element) => element.id);
    const focused = document.activeElement && document.activeElement.id;
    for (const part of ['[role=status]', 'main']) {
      const [now, next] = [document.querySelector(part), page.querySelector(part)];
      if (now.innerHTML !== next.innerHTML) now.replaceChildren(...next.childNodes);
      if (next.dataset.version) now.dataset.version = next.dataset.version;
    }
    document.title = page.title;
    for (const id of open) document.getElementById(id)?.setAttribute('open', '');
    if (focused) document.getElementById(focused)?.focus();
    localTimes();
  }

  function localTimes() {
    for (const element of document.querySelectorAll('time')) {
      element.textContent = new Date(element.dateTime).toLocaleString(undefined, {
        dateStyle: 'medium',
        timeStyle: 'medium',
      });
    }
  }

  function reached() {
    lost.hidden = true;
    document.body.classList.remove('stale');
  }

  function unreachable() {
    if (!lost.hidden) return;
    lostSince.textContent = new Date().toLocaleTimeString();
    lost.hidden = false;
    document.body.classList.add('stale');
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) refresh();
  });
  localTimes();
  timer = setTimeout(refresh, everyMs);
})();
`.trim();

export const statusPolicy = scriptPolicy(statusScript);
