/**
 * Of many who ask for the same at once: one answer is made at a time, and all who ask meanwhile share the next one, which nobody is to change. So
 * nobody is told of a time before they asked, and a hundred who ask cost what two do.
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
