/** A reader's view of one message. Texts are latin-1. */
export interface ReadMessage {
  /** `GET /x`, or `200 OK`. */
  readonly start: string;
  /** Name, value, name, value ... as they stand on the wire. */
  readonly fields: readonly string[];
  body: string;
  trailers: readonly string[];
  /** Whether the end of the message was found. */
  whole: boolean;
}

/** How the views of two readers differ; `null`: they agree. */
export function difference(taken: readonly ReadMessage[], reference: readonly ReadMessage[]): string | null {
  for (const [at, message] of taken.entries()) {
    const other = reference[at];
    if (other === undefined) return `message ${at} (${message.start}) is none for Node`;
    if (message.start !== other.start)
      return `message ${at} begins as ${message.start}, for Node as ${other.start}`;
    const [fields, others] = [message.fields, other.fields].map((list) => JSON.stringify(list));
    if (fields !== others) return `message ${at} has the fields ${fields}, for Node ${others}`;
    if (!message.whole) continue;
    if (!other.whole) return `message ${at} is whole, and not for Node`;
    if (message.body !== other.body) return `message ${at} has another body than for Node`;
    if (JSON.stringify(message.trailers) !== JSON.stringify(other.trailers))
      return `message ${at} has other trailers than for Node`;
  }
  return null;
}
