// Adds uploading and deleting to the listing that the service has written. Names go into the document as text.
import { reasonOf, Upload, unfinishedPaths } from './upload.js';

const tools = document.getElementById('tools');
const entries = document.getElementById('entries');
const { top, folder } = document.body.dataset;
const uploads = new Set();
const problem = create('p', { className: 'bad', role: 'alert' });
const uploadsAtOnce = 2;
const images = /\.(png|jpe?g|gif|webp|avif)$/i;
const texts = /\.(txt|md|json|csv|tsv|log|ya?ml|xml|html?|css|m?[jt]sx?|sh|py|toml|ini)$/i;
const previewBytes = 16 * 1024;

buildTools();
for (const row of entries.querySelectorAll('tr[data-name]')) addActions(row);

function buildTools() {
  const input = create('input', { type: 'file', multiple: true, id: 'choose' });
  const label = create('label', { textContent: 'Upload files, or drop them here' });
  label.append(input);
  const drop = create('div', { id: 'drop' });
  const unfinished = create('p', { className: 'quiet', textContent: unfinishedText() });
  drop.append(label, unfinished, create('ul', { id: 'transfers' }));
  const folderButton = create('button', { type: 'button', textContent: 'New folder' });
  folderButton.addEventListener('click', makeFolder);
  tools.append(drop, folderButton, problem);
  tools.hidden = false;
  input.addEventListener('change', () => uploadAll([...input.files]));
  acceptDrops(drop);
}

function unfinishedText() {
  const names = unfinishedPaths()
    .filter((path) => path.startsWith(folder) && !path.slice(folder.length).includes('/'))
    .map((path) => path.slice(folder.length));
  return names.length > 0 ? `Not finished: ${names.join(', ')}. Choose the same file again to go on.` : '';
}

// The whole page takes them: a drop beside the box would make the browser leave for the file.
function acceptDrops(drop) {
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    uploadAll([...event.dataTransfer.files]);
  });
}

function uploadAll(files) {
  for (const file of files) {
    const view = createView(file);
    const upload = new Upload(
      file,
      folder + file.name,
      new URL(`${top}_uploads`, document.baseURI),
      view.show,
    );
    view.control(upload);
    uploads.add(upload);
  }
  startNext();
}

function startNext() {
  const running = [...uploads].filter(
    (upload) => upload.state === 'sending' || upload.state === 'broken',
  ).length;
  const waiting = [...uploads].filter((upload) => upload.state === 'waiting');
  for (const upload of waiting.slice(0, Math.max(0, uploadsAtOnce - running))) upload.run();
  if ([...uploads].every((upload) => upload.state === 'done')) location.reload();
}

// A line with a name, a bar, and buttons to pause, to go on and to give up.
function createView(file) {
  const bar = create('progress', { max: file.size || 1, value: 0 });
  const text = create('span', { textContent: file.name });
  const toggle = create('button', { type: 'button', textContent: 'Pause' });
  const cancel = create('button', { type: 'button', textContent: 'Give up' });
  bar.setAttribute('aria-label', `${file.name}: sent`);
  toggle.setAttribute('aria-label', `Pause or resume ${file.name}`);
  cancel.setAttribute('aria-label', `Give up ${file.name}`);
  const item = create('li', {});
  item.append(text, bar, toggle, cancel);
  document.getElementById('transfers').append(item);
  let shown = 'waiting';
  return {
    show(upload) {
      bar.value = file.size === 0 ? Number(upload.state === 'done') : upload.sent;
      const percent = Math.floor((100 * bar.value) / bar.max);
      text.textContent = `${file.name}: ${upload.state === 'sending' ? `${percent} %` : upload.state}`;
      if (upload.reason) text.textContent += ` (${upload.reason})`;
      text.className = { done: 'good', failed: 'bad', broken: 'bad' }[upload.state] ?? '';
      toggle.textContent = upload.state === 'paused' ? 'Resume' : 'Pause';
      toggle.hidden = cancel.hidden = upload.state === 'done' || upload.state === 'failed';
      if (shown === upload.state) return;
      shown = upload.state;
      queueMicrotask(startNext);
    },
    control(upload) {
      toggle.addEventListener('click', () => (upload.state === 'paused' ? upload.resume() : upload.pause()));
      cancel.addEventListener('click', () => upload.cancel());
    },
  };
}

function create(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function addActions(row) {
  const { name, kind } = row.dataset;
  const path = `./${encodeURIComponent(name)}${kind === 'folder' ? '/' : ''}`;
  const cell = create('td', { className: 'actions' });
  if (kind !== 'folder' && previewOf(name))
    cell.append(actionButton('Preview', name, () => preview(path, name)));
  cell.append(
    actionButton('Rename', name, () => rename(path, name)),
    actionButton('Delete', name, () => remove(row, path)),
  );
  row.append(cell);
}

function previewOf(name) {
  return images.test(name) ? showImage : texts.test(name) ? showText : null;
}

async function preview(path, name) {
  const dialog = create('dialog', { id: 'preview' });
  const close = create('button', { type: 'button', textContent: 'Close' });
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  const head = create('div', { className: 'row' });
  head.append(create('h2', { className: 'grow', textContent: name }), close);
  dialog.setAttribute('aria-label', name);
  dialog.append(head, await previewOf(name)(path, name));
  document.body.append(dialog);
  dialog.showModal();
}

function showImage(path, name) {
  return create('img', { src: path, alt: name });
}

// No more than its beginning is asked for.
async function showText(path) {
  try {
    const answer = await fetch(path, { headers: { range: `bytes=0-${previewBytes - 1}` } });
    const text = answer.status === 416 ? '' : await answer.text();
    const shown = create('pre', { tabIndex: 0, textContent: answer.ok ? text : answer.statusText });
    if (answer.status === 206 && /\/(\d+)$/.exec(answer.headers.get('content-range'))?.[1] > previewBytes)
      shown.append('\n…');
    return shown;
  } catch {
    return create('p', { className: 'bad', textContent: 'The service can not be reached.' });
  }
}

function actionButton(text, name, action) {
  const button = create('button', { type: 'button', textContent: text });
  button.setAttribute('aria-label', `${text} ${name}`);
  button.addEventListener('click', action);
  return button;
}

// A name with slashes moves into another folder; one that begins with a slash, anywhere in the tree.
async function rename(path, name) {
  const wanted = prompt('New name, or a path such as folder/name', name);
  if (!wanted || wanted === name) return;
  const base = wanted.startsWith('/') ? new URL(top, document.baseURI) : document.baseURI;
  const encoded = wanted.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/');
  const destination = new URL(`./${encoded}`, base).href;
  if (await call(path, { method: 'MOVE', headers: { destination, overwrite: 'F' } })) location.reload();
}

async function remove(row, path) {
  const folderWords = path.endsWith('/') ? ' and all in it' : '';
  if (!confirm(`Delete ${row.dataset.name}${folderWords}?`)) return;
  if (await call(`${path}${folderWords && '?recursive=true'}`, { method: 'DELETE' })) row.remove();
}

async function makeFolder() {
  const name = prompt('Name of the new folder');
  if (name && (await call(`./${encodeURIComponent(name)}/`, { method: 'MKCOL' }))) location.reload();
}

async function call(path, options) {
  problem.textContent = '';
  try {
    const answer = await fetch(path, options);
    if (!answer.ok) problem.textContent = reasonOf(await answer.text(), answer.status);
    return answer.ok;
  } catch {
    problem.textContent = 'The service can not be reached.';
    return false;
  }
}
