/** The facts of one response; null where the model did not respond. */
export interface FactCheckedResponse {
  readonly supported: number;
  readonly facts: number;
}

export interface FactScore {
  /** Mean over responses with facts of supported/facts times the penalty; null without any. */
  readonly score: number | null;
  /** The same without the penalty. */
  readonly precision: number | null;
  /** Responses with facts over all. */
  readonly respondRatio: number;
  readonly factsPerResponse: number | null;
}

/**
 * FActScore's aggregate (Min et al. 2023, arXiv:2305.14251). Responses of few facts are penalised by exp(1 − γ/facts) up to γ facts;
 * abstentions and responses without facts are left out of the mean and lower `respondRatio`. Splitting a response into facts and
 * checking them is not part of it.
 */
export function factScore(responses: readonly (FactCheckedResponse | null)[], gamma = 10): FactScore {
  const checked = responses.filter((response) => response !== null).filter((response) => response.facts > 0);
  const mean = (value: (response: FactCheckedResponse) => number): number | null =>
    checked.length === 0 ? null : checked.reduce((sum, response) => sum + value(response), 0) / checked.length;
  const penalty = (facts: number): number => (facts > gamma ? 1 : Math.exp(1 - gamma / facts));
  return {
    score: mean(({ supported, facts }) => (supported / facts) * penalty(facts)),
    precision: mean(({ supported, facts }) => supported / facts),
    respondRatio: responses.length === 0 ? 0 : checked.length / responses.length,
    factsPerResponse: mean(({ facts }) => facts),
  };
}
