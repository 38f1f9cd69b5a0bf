// The page of the document store. Everything from the server goes into the document as text, never as HTML.
import { views } from './documents.js';

const AGAIN_MS = 2000;
const element = (id) => document.getElementById(id);
const state = {
  collection: '',
  items: [],
  open: null,
  etag: null,
  next: null,
  drawn: '',
  paged: false,
  saving: false,
};
// What is added where there is nothing yet.
const sample = [
  {
    id: 'moby-dick',
    title: 'Moby-Dick',
    author: { name: 'Herman Melville', born: 1819 },
    year: 1851,
    tags: ['sea', 'whale'],
  },
  {
    id: 'dracula',
    title: 'Dracula',
    author: { name: 'Bram Stoker', born: 1847 },
    year: 1897,
    tags: ['night'],
  },
  {
    id: 'middlemarch',
    title: 'Middlemarch',
    author: { name: 'George Eliot', born: 1819 },
    year: 1871,
    read: '2026-11-29',
  },
];

element('choose').addEventListener('submit', (event) => {
  event.preventDefault();
  show(element('collection').value);
});
element('new').addEventListener('click', () => {
  if (!element('choose').reportValidity()) return;
  state.collection = element('collection').value;
  openEditor(null, '{\n  \n}', null);
});
element('more').addEventListener('click', () => loadList(state.next));
element('editor').addEventListener('submit', (event) => {
  event.preventDefault();
  save();
});
element('delete').addEventListener('click', remove);
element('sample').addEventListener('click', addSample);
element('view').value = localStorage.dbView ?? 'table';
element('view').addEventListener('change', () => {
  localStorage.dbView = element('view').value;
  draw();
});
element('curl').textContent =
  `curl ${new URL('books', document.baseURI)} -H 'Content-Type: application/json' -d '{"title": "Ports"}'`;

start();

async function start() {
  await loadCollections();
  const wanted = /^#([A-Za-z][\w-]*)$/.exec(location.hash)?.[1];
  watchChanges();
  const first = wanted || element('collections').options[0]?.value;
  // Who was faster than the list has chosen or begun something, which stays.
  if (state.collection !== '') return;
  if (first) await show(first);
  else if (!element('start').hidden) say('There is no collection yet.');
}

// The browser connects again by itself and says which change it saw last; not so after an answer that is none of the
// service's, as a gateway gives while the service is down.
function watchChanges() {
  const source = new EventSource('_changes');
  source.addEventListener('ready', () => {
    element('live').textContent = 'Connected';
  });
  source.addEventListener('error', () => {
    element('live').textContent = 'Connection lost; trying again …';
    if (source.readyState === EventSource.CLOSED) setTimeout(watchAgain, AGAIN_MS);
  });
  source.addEventListener('put', (event) => noteChange('put', JSON.parse(event.data)));
  source.addEventListener('delete', (event) => noteChange('delete', JSON.parse(event.data)));
}

// What has changed meanwhile is not told again.
function watchAgain() {
  watchChanges();
  refresh();
}

function noteChange(kind, { collection, id, version, document: changed }) {
  const entry = document.createElement('li');
  entry.textContent = `${kind} ${collection}/${id}${changed ? `  ${JSON.stringify(changed).slice(0, 80)}` : ''}`;
  element('feed').prepend(entry);
  while (element('feed').children.length > 10) element('feed').lastChild.remove();
  const isOpen = collection === state.collection && id === state.open;
  if (isOpen && `"${version}"` !== state.etag && !state.saving) {
    element('problem').textContent =
      kind === 'put' ? 'Somebody has changed this document.' : 'Somebody has deleted this document.';
  }
  clearTimeout(state.refresh);
  state.refresh = setTimeout(refresh, 300);
}

async function refresh() {
  await loadCollections();
  // Further pages stay as they are: reloading would take away what somebody has scrolled to.
  if (state.collection && !state.paged) await loadList(null);
}

async function loadCollections() {
  const answer = await call('./');
  const { collections, detail } = await answer.json();
  if (!answer.ok) return say(detail);
  element('start').hidden = collections.length > 0;
  element('names').replaceChildren(
    ...collections.map(({ name, documents }) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', className: 'plain', textContent: `${name} (${documents})` });
      button.addEventListener('click', () => show(name));
      return button;
    }),
  );
  element('collections').replaceChildren(
    ...collections.map(({ name, documents }) => {
      const option = document.createElement('option');
      option.value = name;
      option.label = `${name} (${documents})`;
      return option;
    }),
  );
}

async function show(collection) {
  state.collection = collection;
  element('collection').value = collection;
  location.replace(`#${collection}`);
  element('editor').hidden = true;
  await loadList(null);
}

async function loadList(cursor) {
  const query = new URLSearchParams({ limit: '50' });
  const words = element('words').value.trim();
  if (words) query.set('q', words);
  if (cursor) query.set('cursor', cursor);
  const answer = await call(`${state.collection}?${query}`);
  const body = await answer.json();
  if (!answer.ok) return say(body.detail);
  state.items = cursor ? [...state.items, ...body.items] : body.items;
  state.next = body.next;
  state.paged = cursor !== null;
  // Where nothing has changed, what somebody has opened in a tree stays open.
  const drawn = JSON.stringify([state.collection, state.items, state.next]);
  if (drawn !== state.drawn) draw();
  state.drawn = drawn;
  const count = state.items.length;
  say(`${count}${body.next ? ' and more' : ''} in ${state.collection}${words ? ` with "${words}"` : ''}`);
}

function draw() {
  const view = element('view').value;
  const { items, collection, next } = state;
  element('found').hidden = items.length === 0;
  element('list-title').textContent =
    view === 'schema' ? `${collection}, as ${items.length} of its documents are` : collection;
  element('list').replaceChildren(...(views[view] ?? views.table)(items, openDocument));
  element('more').hidden = next === null;
  markOpen();
}

async function addSample() {
  const operations = sample.map(({ id, ...document }) => ({ op: 'put', collection: 'books', id, document }));
  const answer = await call('_batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  if (!answer.ok) return say((await answer.json()).detail);
  await loadCollections();
  await show('books');
}

async function openDocument(id) {
  const answer = await call(`${state.collection}/${encodeURIComponent(id)}`);
  const text = await answer.text();
  if (!answer.ok) return say(JSON.parse(text).detail);
  openEditor(id, pretty(text), answer.headers.get('etag'));
}

// A document with numbers that JavaScript can't hold is shown as it is, so that saving it loses no digit.
function pretty(text) {
  const shown = JSON.stringify(JSON.parse(text), null, 2);
  return JSON.stringify(JSON.parse(text)) === text ? shown : text;
}

function openEditor(id, text, etag) {
  state.open = id;
  state.etag = etag;
  element('editor').hidden = false;
  element('editor-title').textContent =
    id === null ? `New in ${state.collection}` : `${state.collection}/${id}`;
  element('text').value = text;
  element('problem').textContent = '';
  element('delete').hidden = id === null;
  markOpen();
  element('text').focus();
  element('text').setSelectionRange(0, 0);
  element('text').scrollTop = 0;
}

function markOpen() {
  for (const button of element('list').querySelectorAll('button')) {
    button.setAttribute('aria-current', String(button.dataset.id === state.open));
  }
}

async function save() {
  const body = element('text').value;
  const fresh = state.open === null;
  state.saving = true;
  const answer = await call(
    fresh ? state.collection : `${state.collection}/${encodeURIComponent(state.open)}`,
    {
      method: fresh ? 'POST' : 'PUT',
      headers: { 'content-type': 'application/json', ...(fresh ? {} : { 'if-match': state.etag }) },
      body,
    },
  );
  const text = await answer.text();
  state.saving = false;
  if (!answer.ok) return complain(JSON.parse(text));
  // Before the lists are asked for: what is written or opened meanwhile stays.
  const { id } = JSON.parse(text);
  openEditor(id, pretty(text), answer.headers.get('etag'));
  await Promise.all([loadList(null), loadCollections()]);
  say(`Saved ${state.collection}/${id}`);
}

async function remove() {
  state.saving = true;
  const answer = await call(`${state.collection}/${encodeURIComponent(state.open)}`, {
    method: 'DELETE',
    headers: { 'if-match': state.etag },
  });
  state.saving = false;
  if (!answer.ok) return complain(await answer.json());
  element('editor').hidden = true;
  await Promise.all([loadList(null), loadCollections()]);
}

function complain(problem) {
  const advice = problem.status === 412 ? ' Open it again to see the newest version.' : '';
  element('problem').textContent = problem.detail + advice;
}

function say(text) {
  element('status').textContent = text;
}

// A connection that fails is a refusal, too.
async function call(path, options = {}) {
  try {
    return await fetch(path, { ...options, headers: { accept: 'application/json', ...options.headers } });
  } catch {
    return Response.json({ detail: 'The service can not be reached.' }, { status: 503 });
  }
}
