import type { SqlPiece } from './condition.ts';

/**
 * Full-text search: documents that hold every word of `words`, the last one also as a beginning. Each word is quoted,
 * so that nothing in it is an operator of FTS5's query language.
 */
export function searchPiece(words: string | null): SqlPiece[] {
  const phrases = (words ?? '')
    .replaceAll('\0', ' ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word))
    .slice(0, 20)
    .map((word) => `"${word.replaceAll('"', '""')}"`);
  if (words === null) return [];
  if (phrases.length === 0) return [{ text: '0', values: [] }];
  return [
    {
      text: 'number IN (SELECT rowid FROM document_text WHERE document_text MATCH ?)',
      values: [`${phrases.join(' ')}*`],
    },
  ];
}

/** Every text and number in a document, however deep, for the full-text index; names of members are not part of it. */
export function searchableText(body: string): string {
  const words: string[] = [];
  let level: unknown[] = [JSON.parse(body)];
  while (level.length > 0) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' || typeof value === 'number') words.push(String(value));
      else if (typeof value === 'object' && value !== null) next.push(...Object.values(value));
    }
    level = next;
  }
  return words.join('\n');
}
