/** A configuration that was made by code and stands in no file. */

import { createHash } from 'node:crypto';
import type { FileContent } from '../files/content.ts';
import { type PathKey, pathText } from './source.ts';

/**
 * An object as YAML content (JSON is YAML) without lines. `undefined` counts as absent. Never throws.
 * @returns a refusal for values that no file can hold, such as functions
 */
export function contentOfObject(config: unknown): FileContent {
  const misfit = misfitIn(config, [], new Set());
  if (misfit === null) {
    const text = JSON.stringify(config) ?? 'null';
    return { ok: true, text, hash: createHash('sha256').update(text).digest('hex'), unplaced: true };
  }
  const { path, found } = misfit;
  const expected = path.length === 0 ? 'an object' : 'a value that YAML can hold';
  return { ok: false, expected, found, path: pathText(path), hint: null, hash: 'no configuration' };
}

interface Misfit {
  readonly path: readonly PathKey[];
  readonly found: string;
}

/** The first value that JSON would lose or change. */
function misfitIn(value: unknown, path: readonly PathKey[], around: ReadonlySet<unknown>): Misfit | null {
  if (typeof value !== 'object' || value === null) return scalarMisfit(value, path);
  if (around.has(value)) return { path, found: 'an object that holds itself' };
  const prototype = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain) return { path, found: `an instance of ${prototype.constructor?.name ?? 'a class'}` };
  const inside = new Set(around).add(value);
  for (const [key, one] of Object.entries(value)) {
    const found = misfitIn(one, [...path, Array.isArray(value) ? Number(key) : key], inside);
    if (found !== null) return found;
  }
  return null;
}

function scalarMisfit(value: unknown, path: readonly PathKey[]): Misfit | null {
  if (path.length === 0) return { path, found: value === null ? 'null' : `a ${typeof value}` };
  if (typeof value === 'number' && !Number.isFinite(value)) return { path, found: String(value) };
  const isFit = ['string', 'number', 'boolean', 'undefined', 'object'].includes(typeof value);
  return isFit ? null : { path, found: `a ${typeof value}` };
}
