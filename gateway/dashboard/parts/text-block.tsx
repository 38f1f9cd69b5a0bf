/** Text as it was written, which scrolls where it is too long: so it can be reached by keys. */
export function TextBlock({
  text,
  label,
  kind = '',
}: {
  readonly text: string;
  readonly label: string;
  readonly kind?: string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable content must be reachable by keyboard (WCAG 2.1.1)
    <section class={`text-block ${kind}`} aria-label={label} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}
