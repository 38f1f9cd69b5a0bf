type VaryField = string | string[] | undefined;

/**
 * The Vary of an answer that a 304 says to be still right: a field by which the kept answer was chosen still chooses it, whatever the
 * 304 says. Without that, what was kept for one language would be given to every language.
 */
export function varyOfBoth(kept: VaryField, said: VaryField): string {
  return [...new Set([...namesIn(kept), ...namesIn(said)])].join(', ');
}

/** The fields that a Vary names, in lower case. */
function namesIn(vary: VaryField): string[] {
  const members = [vary ?? []].flat().join().split(',');
  return members.map((member) => member.trim().toLowerCase()).filter((name) => name !== '');
}
