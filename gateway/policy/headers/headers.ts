import type { Fields } from '../../exchange/contract.ts';
import type { FieldRules, HstsConfig } from '../../model/config.ts';

/** The fields after each rule in turn; the very same list where there is no rule. Rules never name fields of framing or of one hop (config/header-rules.ts). */
export function withRules(fields: Fields, rules: readonly FieldRules[]): Fields {
  let changed = fields;
  for (const { remove, set, add } of rules) changed = [...without(changed, remove, set), ...set, ...add];
  return changed;
}

function without(fields: Fields, remove: readonly string[], set: Fields): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    // To CGI and its kin a name with underscores is the same field.
    const name = fields[i]!.toLowerCase().replaceAll('_', '-');
    if (!remove.includes(name) && !isSet(set, name)) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

function isSet(set: Fields, name: string): boolean {
  for (let i = 0; i < set.length; i += 2) if (set[i]!.toLowerCase() === name) return true;
  return false;
}

/** RFC 6797 §6.1, as a rule like any other. Over TLS alone it says anything (§7.2). */
export function hstsRule({ maxAgeMs, subDomains }: HstsConfig): FieldRules {
  const value = `max-age=${Math.floor(maxAgeMs / 1000)}${subDomains ? '; includeSubDomains' : ''}`;
  return { remove: [], set: ['Strict-Transport-Security', value], add: [] };
}
