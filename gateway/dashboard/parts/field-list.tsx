/** The fields of a message, in their order. */
export function FieldList({
  fields,
}: {
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>;
}) {
  return (
    <dl class="fields">
      {fields.map(([name, value], index) => (
        <div key={`${index} ${name}`}>
          <dt>{name}</dt>
          <dd class={value.includes('(not shown)') ? 'quiet' : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
