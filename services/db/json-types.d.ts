/** ECMAScript's "JSON.parse source text access" (Node 21 and newer), which the library types do not know yet. */
interface JSON {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
}
