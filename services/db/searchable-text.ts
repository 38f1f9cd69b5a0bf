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
