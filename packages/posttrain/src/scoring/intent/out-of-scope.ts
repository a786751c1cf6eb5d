import { type Classified, recallAndPrecision } from '../choice/classification.ts';

export interface IntentScore {
  /** Right intents over in-scope rows; null without any. */
  readonly inScopeAccuracy: number | null;
  /** Out-of-scope rows named so, over all of them; null without any. */
  readonly outOfScopeRecall: number | null;
  /** Out-of-scope rows over rows named so; null where none is. */
  readonly outOfScopePrecision: number | null;
  readonly unparseable: number;
}

/**
 * CLINC150's numbers (Larson et al. 2019, arXiv:1909.02027): one accuracy over both kinds of rows would hide that a model never says
 * "none of these".
 *
 * @param outOfScope the class of rows that fit no intent
 */
export function intentScore(items: readonly Classified[], outOfScope = 'oos'): IntentScore {
  const inScope = items.filter((item) => item.gold !== outOfScope);
  const right = inScope.filter((item) => item.predicted === item.gold).length;
  const { recall, precision } = recallAndPrecision(items, outOfScope);
  return {
    inScopeAccuracy: inScope.length === 0 ? null : right / inScope.length,
    outOfScopeRecall: recall,
    outOfScopePrecision: precision,
    unparseable: items.filter((item) => item.predicted === null).length,
  };
}
