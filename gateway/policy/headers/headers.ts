import { type BoundPolicy, policyWithKey } from '../policy.ts';
import { type HeaderRules, headersForm, headersRow, rulesForm } from './keys.ts';
import { adder, editor, type FieldRules, isEmpty, namesOf } from './rules.ts';

/** Sets, adds and removes fields of requests and answers. Host, forwarding, framing and hop-by-hop fields stay the gateway's (keys.ts). */
export const headers = policyWithKey('headers', {
  does: 'Fields of requests and answers are set, added and removed, as `headers` says.',
  row: headersRow,
  forms: { headers: headersForm, 'header rules': rulesForm },
  shown: (rules) => rules && { request: withoutValues(rules.request), answer: rules.answer },
  bind,
});

function bind(rules: HeaderRules | null): BoundPolicy | null {
  if (rules === null) return null;
  const { request, answer } = rules;
  return {
    ...(!isEmpty(request) && { toService: editor(request), decides: request.drop }),
    ...(!isEmpty(answer) && {
      toClient: { edit: editor(answer), dependsOn: null },
      explain: explained(answer),
    }),
    ...(answer.append.length > 0 && { ownAnswer: adder(answer) }),
  };
}

function explained({ drop, append }: FieldRules): string[] {
  const again = new Set(namesOf(append));
  const gone = drop.filter((name) => !again.has(name)).map((name) => `- ${name}`);
  const there = append.flatMap((name, at) => (at % 2 === 0 ? [`+ ${name}: ${append[at + 1]}`] : []));
  return [...there, ...gone];
}

/** A value for a service may be a password. */
function withoutValues({ drop, append }: FieldRules): FieldRules {
  return { drop, append: append.map((text, at) => (at % 2 === 0 ? text : '(not shown)')) };
}
