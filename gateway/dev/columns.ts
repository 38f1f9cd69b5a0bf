/** The narrowest that a column is cut to. */
const narrowest = 6;

/** How wide each column of a table is: as wide as its widest cell, the widest columns cut until all fit into `room`. */
export function columnWidths(rows: readonly (readonly string[])[], room: number): number[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (let excess = sum(widths) - room; excess > 0; excess--) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= narrowest) break;
    widths[widest] = width - 1;
  }
  return widths;
}

/** The text in a cell of this width: cut with an ellipsis, padded where another cell follows. */
export function fit(text: string, width: number, pad: boolean): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return pad ? cut.padEnd(width) : cut;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
