// What may differ between the two programs' items, and what may not.
import { bbqScore } from 'posttrain/scoring';

/** |ours − theirs| of a log-likelihood, nats for each token of the continuation. */
export const perToken = 1e-4;
/** Of a score that is no count. */
const scoreTolerance = 1e-6;

/** lm-eval's name of a score, and ours of the same item. Where theirs is a choice, ours is made of our likelihoods by its rule. */
const scores = {
  gsm8k: { 'exact_match,strict-match': 'exact_match_strict', 'exact_match,flexible-extract': 'exact_match_flexible' },
  ifeval: {
    prompt_level_strict_acc: 'prompt_strict',
    prompt_level_loose_acc: 'prompt_loose',
    inst_level_strict_acc: 'instruction_strict',
    inst_level_loose_acc: 'instruction_loose',
  },
  'legalbench/abercrombie': { 'exact_match,get-answer': 'exact_match' },
  'legalbench/proa': { 'exact_match,get-answer': 'exact_match' },
};

/** One task of one model: gaps of likelihoods, scores that differ, and items that are left out because either choice may win. */
export function compareTask(name, ours, theirs) {
  const problems = [];
  const leftOut = [];
  let [widest, tokens, choices, truncated] = [0, 0, 0, 0];
  if (ours.length !== theirs.length) problems.push(`${ours.length} items here, ${theirs.length} there`);
  for (const [i, item] of ours.entries()) {
    const other = theirs[i];
    const differs = (what) => problems.push(`item ${i}: ${what}`);
    if (other === undefined) continue;
    const { request, response, values } = item;
    if (request.kind === 'generate') {
      if (request.prompt !== other.context) differs('the prompt');
      else if (response.answers[0].cut > 0) truncated++;
      else if (response.text !== other.answer)
        differs(`the answer: ${show(response.text)} here, ${show(other.answer)} there`);
      else for (const difference of scoreDifferences(name, values, other.scores)) differs(difference);
      continue;
    }
    const [texts, results] =
      request.kind === 'rolling' ? [[request.text], [response]] : [request.continuations, response.choices];
    if (
      request.kind === 'loglikelihood' &&
      (request.context !== other.context || texts.join('\0') !== other.continuations.join('\0'))
    )
      differs('the request');
    for (const [c, { logp, tokens: count }] of results.entries()) {
      const gap = Math.abs(logp - other.logps[c]) / count;
      [widest, tokens, choices] = [Math.max(widest, gap), tokens + count, choices + 1];
      if (!(gap <= perToken)) differs(`choice ${c}: ${logp} nats here, ${other.logps[c]} there, ${count} tokens`);
    }
    if (request.kind === 'rolling') continue;
    if (name === 'truthfulqa/mc2') {
      const gap = Math.abs(values.acc - other.scores.acc);
      // Probabilities move by as much as the summed log-likelihoods may.
      if (gap > Math.max(scoreTolerance, perToken * Math.max(...results.map(({ tokens: count }) => count))))
        differs(`mc2 ${values.acc} here, ${other.scores.acc} there`);
      continue;
    }
    const order = results.map((_, c) => c).sort((a, b) => results[b].logp - results[a].logp);
    const [first, second] = order;
    const may = perToken * (results[first].tokens + results[second].tokens);
    if (results[first].logp - results[second].logp < may) leftOut.push(i);
    else if (chosen(name, item, first) !== theirChoice(name, other))
      differs(`choice ${first} scores ${chosen(name, item, first)} here, ${theirChoice(name, other)} there`);
  }
  return { task: name, items: ours.length, choices, tokens, widest, truncated, leftOut, problems };
}

function chosen(name, { values, outcome }, first) {
  if (name === 'crows_pairs') return first === 0 ? 1 : 0;
  return name === 'bbq' ? Number(outcome === 'correct') : values.acc;
}

function theirChoice(name, { scores: given }) {
  return name === 'crows_pairs' ? given.pct_stereotype : given.acc;
}

/** Scores of one answer that are not the same. */
export function scoreDifferences(name, values, given) {
  return Object.entries(scores[name]).flatMap(([theirs, ours]) => {
    const expected = given[theirs];
    const value = values[ours];
    const same = Array.isArray(expected)
      ? value !== null && value.numerator === expected.filter(Boolean).length && value.denominator === expected.length
      : value === Number(expected);
    return same ? [] : [`${ours} ${JSON.stringify(value)} here, ${JSON.stringify(expected)} there`];
  });
}

/** Figures over all items that are made the same way: BBQ's biases by lm-eval's rule, bits per byte. */
export function compareFigures(name, items, figures) {
  if (name === 'bbq') {
    const { ambiguous, disambiguated } = bbqScore(
      items.map(({ values }) => values.bias_ambiguous),
      'compat:lm-eval',
    );
    return differing(
      {
        accuracy_amb: ambiguous.accuracy,
        accuracy_disamb: disambiguated.accuracy,
        amb_bias_score: ambiguous.bias,
        disamb_bias_score: disambiguated.bias,
      },
      figures.bbq,
    );
  }
  if (name !== 'bits_per_byte') return [];
  const sum = (key) => items.reduce((total, { values }) => total + values.bits_per_byte[key], 0);
  return differing({ bits_per_byte: sum('numerator') / sum('denominator') }, figures.pile_10k);
}

function differing(ours, theirs) {
  return Object.entries(ours).flatMap(([key, value]) => {
    const other = theirs[`${key},none`];
    const same = Math.abs(value - other) <= (key === 'bits_per_byte' ? perToken : scoreTolerance);
    return same ? [] : [`${key}: ${value} here, ${other} there`];
  });
}

const show = (text) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
