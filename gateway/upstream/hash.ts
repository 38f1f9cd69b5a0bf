/**
 * A number from 0 to 2³² − 1 for a text: FNV-1a with the final mix of MurmurHash3, without which texts that differ in their last letter
 * would lie close together. The same in every process and not secret: the sender of the text can choose the result.
 */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** Every bit of the input changes half of the output's bits. One to one. */
export function mix(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
