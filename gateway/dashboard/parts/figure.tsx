/** One number with its name, in a list of them. */
export function Figure({
  name,
  value,
  bad = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly bad?: boolean;
}) {
  return (
    <div class={bad ? 'bad' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
