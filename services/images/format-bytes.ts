/**
 * In the largest binary unit that leaves a number before the point, `312.4 KiB`, with a space that no line
 * breaks at.
 */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return power === 0 ? `${bytes}\u00a0B` : `${(bytes / 1024 ** power).toFixed(1)}\u00a0${units[power]}`;
}
