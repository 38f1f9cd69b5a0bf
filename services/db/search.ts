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
