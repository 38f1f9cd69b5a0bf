// Adds uploading and deleting to the listing that the service has written. Names go into the document as text.
const tools = document.getElementById('tools');
const entries = document.getElementById('entries');

buildTools();
for (const row of entries.querySelectorAll('tr[data-name]')) addActions(row);

function buildTools() {
  const input = Object.assign(document.createElement('input'), {
    type: 'file',
    multiple: true,
    id: 'choose',
  });
  const label = Object.assign(document.createElement('label'), {
    textContent: 'Upload files, or drop them here',
  });
  label.append(input);
  const drop = Object.assign(document.createElement('div'), { id: 'drop' });
  const transfers = Object.assign(document.createElement('ul'), { id: 'transfers' });
  transfers.setAttribute('aria-live', 'polite');
  drop.append(label, transfers);
  tools.append(drop);
  tools.hidden = false;
  input.addEventListener('change', () => uploadAll([...input.files], transfers));
  acceptDrops(drop, transfers);
}

function acceptDrops(drop, transfers) {
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    uploadAll([...event.dataTransfer.files], transfers);
  });
}

async function uploadAll(files, transfers) {
  const outcomes = [];
  for (const file of files) outcomes.push(await upload(file, transfers));
  if (outcomes.every(Boolean)) location.reload();
}

// XMLHttpRequest, because fetch does not tell how much of a body has been sent.
function upload(file, transfers) {
  const bar = Object.assign(document.createElement('progress'), { max: file.size || 1, value: 0 });
  const text = Object.assign(document.createElement('span'), { textContent: file.name });
  bar.setAttribute('aria-label', file.name);
  const item = document.createElement('li');
  item.append(text, bar);
  transfers.append(item);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `./${encodeURIComponent(file.name)}`);
    request.upload.addEventListener('progress', (event) => {
      bar.value = event.loaded;
    });
    request.addEventListener('loadend', () => {
      const fine = request.status >= 200 && request.status < 300;
      text.textContent = fine ? `${file.name}: done` : `${file.name}: ${failureOf(request)}`;
      text.className = fine ? 'good' : 'bad';
      resolve(fine);
    });
    request.send(file);
  });
}

function failureOf(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return request.status ? `answered ${request.status}` : 'the connection was lost';
  }
}

function addActions(row) {
  const { name, kind } = row.dataset;
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Delete' });
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
