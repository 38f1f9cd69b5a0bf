// Adds uploading and deleting to the listing that the service has written. Names go into the document as text.
import { Upload, unfinishedPaths } from './upload.js';

const tools = document.getElementById('tools');
const entries = document.getElementById('entries');
const { top, folder } = document.body.dataset;
const uploads = new Set();
const uploadsAtOnce = 2;

buildTools();
for (const row of entries.querySelectorAll('tr[data-name]')) addActions(row);

function buildTools() {
  const input = create('input', { type: 'file', multiple: true, id: 'choose' });
  const label = create('label', { textContent: 'Upload files, or drop them here' });
  label.append(input);
  const drop = create('div', { id: 'drop' });
  const unfinished = create('p', { className: 'quiet', textContent: unfinishedText() });
  drop.append(label, unfinished, create('ul', { id: 'transfers' }));
  tools.append(drop);
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

function acceptDrops(drop) {
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
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
  const button = create('button', { type: 'button', textContent: 'Delete' });
  button.setAttribute('aria-label', `Delete ${name}`);
  button.addEventListener('click', async () => {
    if (!confirm(`Delete ${name}${kind === 'folder' ? ' and all in it' : ''}?`)) return;
    const path = kind === 'folder' ? `${encodeURIComponent(name)}/?recursive=true` : encodeURIComponent(name);
    const answer = await fetch(`./${path}`, { method: 'DELETE' });
    if (answer.ok) row.remove();
    else alert((await answer.json()).detail);
  });
  const cell = document.createElement('td');
  cell.append(button);
  row.append(cell);
}
