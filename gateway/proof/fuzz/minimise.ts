/**
 * The shortest text that one finds by leaving out pieces, large ones first, as long as it still shows what was found.
 * @param budgetMs how long it may take: each question costs a whole trial.
 */
export async function minimise(
  text: string,
  shows: (text: string) => Promise<boolean>,
  budgetMs = 10_000,
): Promise<string> {
  let shortest = text;
  const deadline = performance.now() + budgetMs;
  for (let size = Math.ceil(text.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < shortest.length && performance.now() < deadline; ) {
      const shorter = shortest.slice(0, at) + shortest.slice(at + size);
      if (shorter !== '' && (await shows(shorter))) shortest = shorter;
      else at += size;
    }
  }
  return shortest;
}
