/**
 * Returns freed memory to the system. glibc's malloc keeps it for the next burst as long as a block above it is in use; `malloc_trim(3)`
 * also returns whole pages in between. Node reaches it through `node:ffi`, which is experimental (docs/private-parts.md): without it, or
 * with another malloc such as musl's, freed memory stays with the process, and nothing else changes.
 */
export function systemTrim(): () => void {
  const trim = process.platform === 'linux' ? mallocTrim() : null;
  return () => void trim?.(0n);
}

type MallocTrim = (pad: bigint) => number;

function mallocTrim(): MallocTrim | null {
  const ffi = quietly(() => process.getBuiltinModule('node:ffi' as string)) as Ffi | undefined;
  try {
    const library = ffi?.dlopen(null, { malloc_trim: { arguments: ['u64'], return: 'i32' } });
    return library?.functions.malloc_trim ?? null;
  } catch {
    return null;
  }
}

interface Ffi {
  dlopen(
    path: null,
    symbols: Readonly<Record<string, { readonly arguments: string[]; readonly return: string }>>,
  ): { readonly functions: { readonly malloc_trim?: MallocTrim } };
}

/** Loads it without the experimental warning, which means nothing to the person who starts a gateway. */
function quietly<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
