// Adds uploading, deleting and the viewer to the gallery that the service has written. Names go into the document as text.
import { loadedAs } from './bytes.js';
import { acceptImages } from './upload.js';
import { setUpViewer } from './viewer.js';

const gallery = document.getElementById('gallery');
const openViewer = setUpViewer();

acceptImages(document.getElementById('tools'), refreshGallery);
addActions();

gallery.addEventListener('click', (event) => {
  const tile = event.target.closest('a.tile');
  // With a key held down, a link does what links do: open elsewhere.
  if (!tile || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  openViewer(tile.closest('li').dataset);
});

/**
 * Takes the new list out of the page that the service writes, so that there is one place that knows what a
 * tile looks like.
 */
async function refreshGallery() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  gallery.replaceChildren(...page.getElementById('gallery').children);
  document.getElementById('empty')?.remove();
  addActions();
}

function addActions() {
  for (const tile of gallery.querySelectorAll('li')) {
    const { name } = tile.dataset;
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Delete' });
    button.setAttribute('aria-label', `Delete ${name}`);
    button.addEventListener('click', () => remove(tile));
    tile.append(button);
    sayHowShown(tile);
  }
}

/** Beside the original's bytes, those of the small picture that the browser took instead. */
function sayHowShown(tile) {
  const image = tile.querySelector('img');
  const say = () => {
    const loaded = loadedAs(image.currentSrc);
    if (loaded) tile.querySelector('.shown').textContent = `Here: ${loaded}`;
  };
  image.addEventListener('load', say);
  if (image.complete) say();
}

async function remove(tile) {
  const { name, version } = tile.dataset;
  if (!confirm(`Delete ${name}? This can't be undone.`)) return;
  const headers = { 'if-match': `"${version}"` };
  const answer = await fetch(`./${encodeURIComponent(name)}`, { method: 'DELETE', headers });
  if (!answer.ok && answer.status !== 404) return alert((await answer.json()).detail);
  const neighbour = tile.nextElementSibling ?? tile.previousElementSibling;
  tile.remove();
  // The focus was on what is gone; without a new place it would start again at the top of the page.
  (neighbour?.querySelector('a.tile') ?? document.getElementById('choose'))?.focus();
}
