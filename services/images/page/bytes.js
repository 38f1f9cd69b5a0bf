/**
 * What the browser has received at an address: "AVIF, 4.0 KiB". Where it doesn't tell the type, the bytes
 * alone.
 */
export function loadedAs(address) {
  const entry = performance.getEntriesByName(address).at(-1);
  const format = entry?.contentType?.replace('image/', '').toUpperCase();
  return [format, entry?.encodedBodySize ? formatBytes(entry.encodedBodySize) : '']
    .filter(Boolean)
    .join(', ');
}

export function formatBytes(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  // A space that no line breaks at.
  return power === 0 ? `${bytes}\u00a0B` : `${(bytes / 1024 ** power).toFixed(1)}\u00a0${units[power]}`;
}
