/**
 * Shares one answer among simultaneous requests for the same: one answer is made at a time, and all requests that come meanwhile share the
 * next one, which must not be changed. So no answer is older than its request, and a hundred requests cost what two do.
 */
export function together<Answer>(make: () => Promise<Answer>): () => Promise<Answer> {
  let making: Promise<unknown> | null = null;
  let next: Promise<Answer> | null = null;
  const begin = (): Promise<Answer> => {
    next = null;
    const made = make();
    making = made;
    const over = () => {
      making = null;
    };
    made.then(over, over);
    return made;
  };
  return () => {
    if (next === null && making === null) return begin();
    next ??= making!.then(begin, begin);
    return next;
  };
}
