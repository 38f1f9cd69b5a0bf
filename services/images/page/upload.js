/** Builds the place to drop images on; `done` is called when some have arrived. */
export function acceptImages(tools, done) {
  const drop = Object.assign(document.createElement('div'), { id: 'drop' });
  const label = Object.assign(document.createElement('label'), {
    textContent: 'Upload images, or drop them here',
  });
  const input = Object.assign(document.createElement('input'), {
    type: 'file',
    id: 'choose',
    multiple: true,
    accept: 'image/jpeg,image/png,image/webp,image/avif,image/gif',
  });
  const transfers = Object.assign(document.createElement('ul'), { id: 'transfers' });
  transfers.setAttribute('aria-live', 'polite');
  label.append(input);
  drop.append(label, transfers);
  tools.append(drop);
  tools.hidden = false;
  const take = (files) => uploadAll([...files], transfers).then(done);
  input.addEventListener('change', () => take(input.files).then(() => (input.value = '')));
  acceptDrops(drop, take);
}

function acceptDrops(drop, take) {
  // The whole page takes them: a drop beside the box would make the browser leave for the file.
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
    take(event.dataTransfer.files);
  });
}

async function uploadAll(files, transfers) {
  transfers.replaceChildren();
  for (const file of files) await upload(file, transfers);
}

async function upload(file, transfers) {
  const bar = Object.assign(document.createElement('progress'), { max: file.size || 1, value: 0 });
  const text = Object.assign(document.createElement('span'), { textContent: file.name });
  bar.setAttribute('aria-label', file.name);
  const item = document.createElement('li');
  item.append(text, bar);
  transfers.append(item);
  let answer = await put(file, bar, { 'If-None-Match': '*' });
  if (answer.status === 412 && confirm(`There is an image named ${file.name}. Replace it?`)) {
    answer = await put(file, bar, {});
  }
  const fine = answer.status === 200 || answer.status === 201;
  text.textContent = `${file.name}: ${fine ? 'done' : failureOf(answer)}`;
  text.className = fine ? 'good' : 'bad';
  bar.remove();
}

// XMLHttpRequest, because fetch does not tell how much of a body has been sent.
function put(file, bar, headers) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `./${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener('progress', (event) => {
      bar.value = event.loaded;
    });
    request.addEventListener('loadend', () => resolve(request));
    request.send(file);
  });
}

function failureOf(request) {
  if (request.status === 412) return 'kept as it was';
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return request.status ? `answered ${request.status}` : 'the connection was lost';
  }
}
