import { isJsonObject, type JsonObject } from './json.ts';

/** JSON Merge Patch (RFC 7396 §2): `null` removes, objects are merged member by member, anything else replaces. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  // A Map and `fromEntries` define members; plain assignment would let `__proto__` reach the prototype.
  const members = new Map(Object.entries(target));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) members.delete(key);
    else if (isJsonObject(change)) members.set(key, mergePatch(objectOrEmpty(members.get(key)), change));
    else members.set(key, change);
  }
  return Object.fromEntries(members);
}

function objectOrEmpty(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
