import { HIDDEN, isSecretName, shownField } from '../fields/secrets.ts';
import type { Loss } from '../route/candidacy.ts';
import type { Explanation } from '../route/explanation.ts';

/** For a client that knows the request: without wanted values of the configuration that are secrets. */
export function withoutWantedSecrets(explanation: Explanation): Explanation {
  return withLosses(explanation, (loss, shown) => ({ ...loss, wanted: loss.wanted && shown(loss.wanted) }));
}

/** Also without the client's own secrets. */
export function withoutSecrets(explanation: Explanation): Explanation {
  return withLosses(explanation, (loss, shown) => ({
    ...loss,
    wanted: loss.wanted && shown(loss.wanted),
    found: loss.found.map(shown),
  }));
}

type ConditionLoss = Extract<Loss, { readonly kind: 'header' | 'cookie' | 'query' }>;

function withLosses(
  explanation: Explanation,
  change: (loss: ConditionLoss, shown: (value: string) => string) => Loss,
): Explanation {
  const candidates = explanation.candidates.map((candidate) => ({
    ...candidate,
    losses: candidate.losses.map((loss) => {
      if (loss.kind !== 'header' && loss.kind !== 'cookie' && loss.kind !== 'query') return loss;
      const isSecret = loss.kind === 'cookie' || isSecretName(loss.name);
      const shown = (value: string) =>
        loss.kind === 'header' ? shownField(loss.name, value) : isSecret ? HIDDEN : value;
      return change(loss, shown);
    }),
  }));
  return { ...explanation, candidates };
}
