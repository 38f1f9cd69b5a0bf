/** Adds up these members of the answers of several processes. */
export function totals<const Member extends string>(
  all: readonly { readonly [Name in Member]: number }[],
  ...members: readonly Member[]
): { [Name in Member]: number } {
  const sums = members.map((member) => [member, all.reduce((sum, one) => sum + one[member], 0)]);
  return Object.fromEntries(sums) as { [Name in Member]: number };
}
