/**
 * Gives back to the system what was freed. glibc's malloc keeps it for the next burst, wherever something above it is still in use;
 * `malloc_trim(3)` gives back whole pages from between, too. Node reaches it by `node:ffi`, which is experimental (docs/private-parts.md):
 * where that is missing, or malloc is another one, as musl's, freed memory stays with the process, and nothing else changes.
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

/** Without the warning that it is experimental, which means nothing to the person who starts a gateway. */
function quietly<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
