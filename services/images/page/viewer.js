import { formatBytes, loadedAs } from './bytes.js';

const formats = ['avif', 'webp', 'jpeg', 'png', 'gif'];
const lossless = ['png', 'gif'];
const films = ['webp', 'gif'];

const part = (name) => document.getElementById(`viewer-${name}`);

/** Wires the dialog that shows one image in any size and encoding; returns the function that opens it. */
export function setUpViewer() {
  const dialog = document.getElementById('viewer');
  let image = null;
  let round = new AbortController();
  const show = () => {
    round.abort();
    round = new AbortController();
    showVariant(image, round.signal);
    compareFormats(image, round.signal);
  };
  part('close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => round.abort());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  part('form').addEventListener('submit', (event) => event.preventDefault());
  part('form').addEventListener('change', () => part('width').reportValidity() && show());
  part('quality').addEventListener('input', showQuality);
  return (data) => {
    image = data;
    part('title').textContent = data.name;
    part('width').value = Math.min(640, data.width);
    showQuality();
    showOriginal(data);
    dialog.showModal();
    show();
  };
}

function showQuality() {
  part('quality-shown').value = part('quality').value;
}

function showOriginal({ name, format, bytes, width, height }) {
  const link = part('original');
  link.href = `./${encodeURIComponent(name)}?format=original`;
  link.textContent = `The original: ${format.toUpperCase()}, ${formatBytes(Number(bytes))}, ${width} × ${height}`;
}

function addressOf({ name, version }, format) {
  const query = new URLSearchParams({ w: part('width').value });
  if (!lossless.includes(format)) query.set('q', part('quality').value);
  if (format) query.set('format', format);
  return {
    link: `./${encodeURIComponent(name)}?${query}`,
    cached: `./${encodeURIComponent(name)}?${query}&v=${version}`,
  };
}

async function showVariant(image, signal) {
  const format = part('format').value;
  const { link, cached } = addressOf(image, format);
  part('link').href = link;
  part('link').textContent = new URL(link, document.baseURI).href;
  part('facts').textContent = 'Loading …';
  const shown = part('image');
  shown.alt = `${image.name}, as the settings above make it`;
  shown.src = cached;
  try {
    await shown.decode();
    if (signal.aborted) return;
    part('facts').textContent =
      `${shown.naturalWidth} × ${shown.naturalHeight}, ${loadedAs(shown.currentSrc)}`;
  } catch {
    if (!signal.aborted) part('facts').textContent = await reasonFor(cached);
  }
}

async function reasonFor(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? 'Your browser can not show this format.' : (await answer.json()).detail;
  } catch {
    return 'The service can not be reached.';
  }
}

async function compareFormats(image, signal) {
  const rows = new Map(formats.map((format) => [format, buildRow(format, image)]));
  part('sizes').replaceChildren(...[...rows.values()].map(({ row }) => row));
  const sizes = new Map();
  for (const format of formats) {
    const bytes = await sizeOf(addressOf(image, format).cached, signal);
    if (signal.aborted) return;
    if (bytes !== null) sizes.set(format, bytes);
    rows.get(format).bytes.textContent = bytes === null ? 'not made' : formatBytes(bytes);
    const largest = Math.max(...sizes.values());
    for (const [name, size] of sizes) fill(rows.get(name).share, size, largest);
  }
}

async function sizeOf(address, signal) {
  try {
    const answer = await fetch(address, { signal });
    return answer.ok ? (await answer.blob()).size : null;
  } catch {
    return null;
  }
}

function buildRow(format, image) {
  // Without its other frames a film is no match for itself.
  const still = Number(image.frames) > 1 && !films.includes(format) ? ', first frame' : '';
  const row = document.createElement('tr');
  const name = Object.assign(document.createElement('th'), {
    scope: 'row',
    textContent: format.toUpperCase() + still,
  });
  const bytes = Object.assign(document.createElement('td'), { textContent: '…' });
  const share = document.createElement('td');
  row.append(name, bytes, share);
  return { row, bytes, share };
}

function fill(cell, size, largest) {
  const meter = Object.assign(document.createElement('meter'), { min: 0, max: largest, value: size });
  meter.setAttribute('aria-label', 'share of the largest');
  meter.textContent = `${Math.round((100 * size) / largest)} %`;
  cell.replaceChildren(meter);
}
