// Mistakes in scorers and statistics that some test must notice, as scripts/mutants.mjs has them for training.

const at = (folder, ...tests) => tests.map((test) => `scoring/${folder}/${test}.test.js`);
const means = at('statistics', 'mean', 'paired');
const paired = at('statistics', 'paired');
const shares = at('statistics', 'shares', 'mean');
const draws = at('statistics', 'bootstrap');
const ratings = at('statistics', 'bradley-terry');
const power = at('statistics', 'power');
const agreement = at('statistics', 'agreement');
const verdicts = at('statistics', 'verdict');
const claims = at('statistics', 'method-claim');
const preferences = at('statistics', 'preferences');
const judges = at('statistics', 'judge-agreement');
const normal = at('statistics', 'normal');
const picks = at('choice', 'pick');
const classes = at('choice', 'classification');
const likelihoods = at('choice', 'probabilities');
const open = at('choice', 'legalbench-open');
const answers = at('text', 'answer-match', 'short-answer');
const rouge = at('text', 'rouge');
const numbers = at('text', 'number-answer');
const stems = at('text', 'porter-stem');
const citations = at('citations', 'citations');
const sentences = at('citations', 'sentences');
const refusal = at('safety', 'refusal');
const toxicity = at('safety', 'toxicity');
const bbq = at('bias', 'bbq');
const pairs = at('bias', 'pairs');
const counterfactual = at('bias', 'counterfactual-pairs');
const outcomes = at('outcomes', 'outcomes');
const calibration = at('calibration', 'calibration');
const facts = at('factuality', 'factuality');
const spans = at('factuality', 'ragtruth');
const instructions = at('ifeval', 'instructions', 'reference');
const rubrics = at('rewards', 'rubric');
const rewards = at('rewards', 'rewards', 'combine', 'audit');

/** By file and tests: what is wrong, the text to be changed, what takes its place. */
const groups = [
  {
    file: 'statistics/robust-error',
    tests: means,
    changes: [
      ['clustered error without C/(C − 1)', '(plain * count) / (count - 1)', 'plain'],
      ['cluster sums without their mean', 'sums[c] - sizes[c] * mean', 'sums[c]'],
      ['bias of the clustered error kept', 'residual ** 2 / (1 - sizes[c] / n)', 'residual ** 2'],
      ['uneven clusters counted as even ones', 'df: equal ? count - 1', 'df: true ? count - 1'],
      ['degrees of freedom C', 'df: equal ? count - 1', 'df: equal ? count'],
      ['intraclass correlation without what lies within', '(between - within) / total', 'between / total'],
      ['Satterthwaite without the shared mean', 'trace ** 2 / (shared + diagonal)', 'trace ** 2 / diagonal'],
    ],
  },
  {
    file: 'statistics/clusters',
    tests: means,
    changes: [
      [
        'effective clusters are all of them',
        'n ** 2 / sizes.reduce((sum, size) => sum + size ** 2, 0)',
        'sizes.length',
      ],
      [
        'an item that one side lacks counts',
        'lists.every((list) => list[i] !== null)',
        'lists.some((list) => list[i] !== null)',
      ],
    ],
  },
  {
    file: 'statistics/mean',
    tests: means,
    changes: [
      [
        'normal quantile for t',
        'studentQuantile(1 - tail, error.df) * error.reducedBias',
        '-normalQuantile(tail) * error.reducedBias',
      ],
      ['share of clustered items as if alone', 'scoreInterval(mean, effective,', 'scoreInterval(mean, n,'],
      [
        'effective items from the error, not its square',
        'variance / error.reducedBias ** 2',
        'variance / error.reducedBias',
      ],
      ['items counted where all agree', 'return sizes.length;', 'return n;'],
      ['left-out scores not counted', 'const missing = scores.length - positions.length', 'const missing = 0'],
    ],
  },
  {
    file: 'statistics/shares',
    tests: shares,
    changes: [
      ['Wilson without its shift', 'share + z ** 2 / (2 * n)', 'share'],
      ['Wilson without its second term', ' + z ** 2 / (4 * n ** 2)', ''],
      ['Wilson not rescaled', '1 + z ** 2 / n', '1'],
      ['no trials are a share of 0', 'return { low: 0, high: 1 };', 'return { low: 0, high: 0 };'],
      ['paired shares without one more of each', '(fixed * n + 1) / (n + 2)', 'fixed'],
      ['paired shares without their covariance', ' - (f - b) ** 2', ''],
      ['difference from the wrong ends', 'Math.hypot(pa - a.low, b.high - pb)', 'Math.hypot(pa - a.low, pb - b.low)'],
    ],
  },
  {
    file: 'statistics/mcnemar',
    tests: paired,
    changes: [
      ['McNemar one-sided', 'exact: Math.min(1, 2 * tail)', 'exact: Math.min(1, tail)'],
      ['mid-p takes off half', '2 * tail - last', '2 * tail - last / 2'],
      ['tail of the commoner kind', 'Math.min(fixed, broken)', 'Math.max(fixed, broken)'],
      ['no continuity correction', 'Math.max(0, gap - 1)', 'Math.max(0, gap)'],
      ['binomial terms one off', 'i / (n - i + 1)', 'i / (n - i)'],
    ],
  },
  {
    file: 'statistics/paired',
    tests: paired,
    changes: [
      ['difference the other way round', 'value - x[i]', 'x[i] - value'],
      ['unchanged items are fixed', 'change > 0', 'change >= 0'],
      ['unchanged items are broken', 'change < 0', 'change <= 0'],
      [
        't from the uncorrected error',
        'studentTwoSided(value / error.reducedBias',
        'studentTwoSided(value / error.standardError',
      ],
      [
        'clustered answers tested as if alone',
        'if (sums.sizes.length === sums.n) return exactTest',
        'if (sums.n > 0) return exactTest',
      ],
      ['items stand for clusters in the sign test', 'mcnemar(sums.sizes.length, 0)', 'mcnemar(sums.n, 0)'],
      ['correlation from the product of variances', 'xy / Math.sqrt(xx * yy)', 'xy / (xx * yy)'],
      ['unpaired error by n', '(xx + yy) / (n - 1) / n', '(xx + yy) / n / n'],
      ['variance of changes without their mean', '(fixed + broken) / n - sums.mean ** 2', '(fixed + broken) / n'],
    ],
  },
  {
    file: 'statistics/bootstrap',
    tests: draws,
    changes: [
      ['one cluster too few drawn', 'c < groups.length', 'c < groups.length - 1'],
      ['percentiles not widened', 'Math.sqrt((df + 1) / df)', '1'],
      ['normal tails for few clusters', 'studentQuantile(tail, df) * widen', 'normalQuantile(tail) * widen'],
      ['a p of 0', '(Math.min(below, above) + 1) / (sorted.length + 1)', 'Math.min(below, above) / sorted.length'],
      ['one-sided p', '2 * studentCdf(', 'studentCdf('],
      ['undefined draws forgiven', '(1 - tolerated) * draws', '0'],
      ['quantiles of B instead of B + 1', 'p * (sorted.length + 1)', 'p * sorted.length'],
      ['upper end at the lower share', 'quantile(sorted, 1 - share)', 'quantile(sorted, share)'],
    ],
  },
  {
    file: 'statistics/bradley-terry',
    tests: ratings,
    changes: [
      ['the loser wins too', 'wins[j][i] += 1 - score', 'wins[j][i] += score'],
      ['strength against itself', 'sigmoid(strength - other)', 'sigmoid(other - strength)'],
      ['covariance of uncentred strengths', 'x - means[i] - means[j] + mean', 'x'],
      ['battles drawn, not prompts', 'scored.map(({ prompt }) => prompt)', 'scored.map((_, i) => i)'],
      ['weakest first', 'theta[j] - theta[i]);', 'theta[i] - theta[j]);'],
    ],
  },
  {
    file: 'statistics/elo',
    tests: ratings,
    changes: [
      ['Elo on the natural scale', '/ Math.LN10', ''],
      ['expected score of the other', '(b - a) / 400', '(a - b) / 400'],
      ['ratings made from nothing', 'b - change', 'b + change'],
    ],
  },
  {
    file: 'statistics/holm',
    tests: [...power, ...verdicts],
    changes: [
      ['Bonferroni for Holm', '(ranked.length - rank) * p', 'ranked.length * p'],
      [
        'adjusted p falls with rank',
        'Math.max(largest, Math.min(1, (ranked.length - rank) * p))',
        'Math.min(1, (ranked.length - rank) * p)',
      ],
      ['one row too few', '(ranked.length - rank) * p', '(ranked.length - rank - 1) * p'],
    ],
  },
  {
    file: 'statistics/power',
    tests: power,
    changes: [
      ['power line without the second quantile', '2.8 * Math.sqrt(', '1.96 * Math.sqrt('],
      ['power line without its root', 'Math.sqrt(discordant / n)', '(discordant / n)'],
      ['power of one side', ' + normalCdf(-shift - critical * s)', ''],
      ['error known exactly', 'normalCdf(shift - critical * s)', 'normalCdf(shift - critical)'],
      ['fixed items at half the tilt', '0.5 * (1 + difference / discordant)', '0.5 * (1 + difference)'],
      [
        'exact test at twice its level',
        '2 * (tail + term(m, k + 1, 0.5)) <= alpha',
        '(tail + term(m, k + 1, 0.5)) <= alpha',
      ],
      ['power of the one direction', ' + term(m, k, 1 - fixed)', ''],
    ],
  },
  {
    file: 'statistics/repeats',
    tests: power,
    changes: [
      ['pass@k with replacement', '/ (n - i)', '/ n'],
      ['pass@k that none is right', '1 - none', 'none'],
    ],
  },
  {
    file: 'statistics/kappa',
    tests: agreement,
    changes: [
      ['κ without its scale', '(same - expected) / (1 - expected)', 'same - expected'],
      ['chance from one rater', 'share(one, label) * share(other, label)', 'share(one, label) ** 2'],
    ],
  },
  {
    file: 'statistics/krippendorff',
    tests: agreement,
    changes: [
      ['pairs weighed by all coders', '1 / (unit.length - 1)', '1 / unit.length'],
      ['α without n − 1', '(counts.values - 1) * observed', 'counts.values * observed'],
      ['ranks without half of their ends', 'between - (totals[c] + totals[k]) / 2', 'between'],
      [
        'intervals not squared',
        '(Number(values[c]) - Number(values[k])) ** 2',
        'Math.abs(Number(values[c]) - Number(values[k]))',
      ],
    ],
  },
  {
    file: 'statistics/both-orders',
    tests: agreement,
    changes: [
      ['verdicts that disagree go to the first', "aFirst !== bFirst || aFirst === 'tie'", "aFirst === 'tie'"],
      ['flips over all pairs', 'flips / n', 'flips / pairs.length'],
    ],
  },
  {
    file: 'statistics/judge-calibration',
    tests: agreement,
    changes: [
      ['false support over all items', 'wrongly / unsupported.length', 'wrongly / known.length'],
      ['fifty labels are too few', 'n < calibrationItems', 'n <= calibrationItems'],
    ],
  },
  {
    file: 'statistics/verdict',
    tests: verdicts,
    changes: [
      ['p of α is no evidence', 'p > alpha', 'p >= alpha'],
      [
        'an interval that touches 0 decides',
        'interval.low <= 0 && interval.high >= 0',
        'interval.low < 0 && interval.high > 0',
      ],
      ['direction not heeded', 'interval.low > 0 === higherIsBetter', 'interval.low > 0'],
      ['equivalent at the margin', 'interval.high < margin', 'interval.high <= margin'],
      ['invalid rows adjusted for', 'judged(row) ? row.difference.p : null', 'row.difference.p'],
      ['p not adjusted', 'difference: { ...row.difference, p }', 'difference: row.difference'],
    ],
  },
  {
    file: 'statistics/gate',
    tests: verdicts,
    changes: [
      ['as wide as the threshold cannot tell', 'half > size', 'half >= size'],
      [
        'the lucky end tested',
        "const bound = op === '>=' || op === '>' ? interval.low : interval.high",
        "const bound = op === '>=' || op === '>' ? interval.high : interval.low",
      ],
      ['items needed without the square', '(half / size) ** 2', '(half / size)'],
      ['strict condition met by its threshold', 'return bound > threshold', 'return bound >= threshold'],
    ],
  },
  {
    file: 'statistics/method-claim',
    tests: claims,
    changes: [
      ['variance of a seed, not of their mean', 'variance(a) / a.length', 'variance(a)'],
      ['bootstrap shrinkage kept', 'effective / (effective - 1)', '1'],
      ['noise counted twice', 'seeds + itemsAlone - noise', 'seeds + itemsAlone'],
      ['before minus after', 'mean(b) - mean(a)', 'mean(a) - mean(b)'],
      ['five seeds are too few', 'seeds >= seedsForClaim', 'seeds > seedsForClaim'],
      ['variance by n', '/ (values.length - 1)', '/ values.length'],
    ],
  },
  {
    file: 'statistics/win-rate',
    tests: preferences,
    changes: [
      ['ties are losses', '(Math.sign(score - 0.5) + 1) / 2', 'Number(score > 0.5)'],
      ['lengths the other way round', 'delta: lengths[i].a - lengths[i].b', 'delta: lengths[i].b - lengths[i].a'],
      ['spread by n', 'squares / (n - 1)', 'squares / n'],
      ['lengths not squashed', 'Math.tanh(delta / spread)', 'delta / spread'],
    ],
  },
  {
    file: 'statistics/reward-pairs',
    tests: preferences,
    changes: [
      ['ties wrong everywhere', "options.compat === 'rewardbench' ? 0 : 0.5", '0'],
      ['margin the other way round', 'p.chosen - p.rejected', 'p.rejected - p.chosen'],
      ['sections not weighed', 's.accuracy * s.weight', 's.accuracy'],
    ],
  },
  {
    file: 'statistics/student',
    tests: normal,
    changes: [
      ['t tail doubled', '0.5 * scale * betaFraction(x, a, 0.5)', 'scale * betaFraction(x, a, 0.5)'],
      ['one-sided t test', '2 * studentCdf(-Math.abs(t), df)', 'studentCdf(-Math.abs(t), df)'],
      ['gamma ratio without its series', 'factor * Math.sqrt(a) * Math.exp(series)', 'factor * Math.sqrt(a)'],
    ],
  },
  {
    file: 'statistics/normal',
    tests: normal,
    changes: [
      ['normal tail of the wrong side', 'x > 0 ? 1 - upperTail(x)', 'x > 0 ? upperTail(x)'],
      ['Newton for Halley', ' / (1 + (x * newton) / 2)', ' * 0.5'],
    ],
  },
  {
    file: 'choice/pick',
    tests: picks,
    changes: [
      ['UTF-16 units for characters', '[...choice].length', 'choice.length'],
      ['characters for bytes', ': utf8Length(choice)', ': choice.length'],
      ['mutual information added', 'value - unconditional[index]', 'value + unconditional[index]'],
      ['ties pay in full', 'right / best.length', 'Math.min(1, right)'],
      ['ties only where bits agree', 'Math.abs(a - b) < tieTolerance', 'false'],
      ['compat gives the last', 'values.indexOf(top)', 'values.lastIndexOf(top)'],
      ['one choice is all equal', 'values.length > 1 && values.every', 'values.every'],
    ],
  },
  {
    file: 'choice/classification',
    tests: classes,
    changes: [
      ['F1 of gold classes alone', 'predicted === null ? [gold] : [gold, predicted]', '[gold]'],
      ['F1 without its 2', '(2 * hits) / named', 'hits / named'],
      [
        'micro for macro',
        'mean(classes.map((name) => accuracy(items.filter((item) => item.gold === name))))',
        'accuracy(items)',
      ],
      ['majority is the rarest', 'entry[1] > best[1]', 'entry[1] < best[1]'],
      [
        'precision over golds',
        'precision: ratio(hits, items.filter((item) => item.predicted === name).length)',
        'precision: ratio(hits, items.filter((item) => item.gold === name).length)',
      ],
    ],
  },
  {
    file: 'choice/probabilities',
    tests: likelihoods,
    changes: [
      ['Brier without the gold', '(k === gold ? 1 : 0)', '0'],
      [
        'softmax without its shift',
        'values.map((value) => Math.exp(value - top))',
        'values.map((value) => Math.exp(value))',
      ],
      ['log-sum-exp without its shift', 'top + Math.log(', 'Math.log('],
    ],
  },
  {
    file: 'choice/perplexity',
    tests: likelihoods,
    changes: [
      ['nats for bits', 'nats / bytes / Math.LN2', 'nats / bytes'],
      ['bytes for words', 'wordPerplexity: Math.exp(nats / words)', 'wordPerplexity: Math.exp(nats / bytes)'],
      ['likelihood for surprise', "-sum('logLikelihood')", "sum('logLikelihood')"],
    ],
  },
  {
    file: 'choice/truthfulqa',
    tests: likelihoods,
    changes: [
      ['probability of the false answers', 'labels[i] === 1', 'labels[i] === 0'],
      ['share of all answers, not of the true', 'logSumExp(onTrue) - total', 'logSumExp(onTrue)'],
    ],
  },
  {
    file: 'choice/legalbench',
    tests: classes,
    changes: [
      ['labels compared by case', '.toLowerCase()', ''],
      ['ends stripped before punctuation', 'strip(withoutPunctuation(text))', 'withoutPunctuation(strip(text))'],
    ],
  },
  {
    file: 'choice/legalbench-open',
    tests: open,
    changes: [
      ['exceptions by case', "(predicted ?? '').toLowerCase()", "(predicted ?? '')"],
      ['wrong exceptions free', 'counts.wrong += named.length - hits', 'counts.wrong += 0'],
      ['missed exceptions free', 'counts.missed += wanted.length - hits', 'counts.missed += 0'],
      ['a hundredth for a tenth', '<= 0.1 * Math.abs(right)', '<= 0.01 * Math.abs(right)'],
      ['a name serves twice', 'left.splice(place, 1);', ''],
      ['names left over free', "if (rule === 'native') counts.wrong += left.length;", ''],
      ['F1 without its 2', '(2 * hits) / (2 * hits + wrong + missed)', 'hits / (hits + wrong + missed)'],
    ],
  },
  {
    file: 'text/answer-match',
    tests: answers,
    changes: [
      ['articles kept', ".replace(articles, ' ')", ''],
      ['case kept', 'text.toLowerCase()', 'text'],
      ['a word shared twice', 'left.set(item, count - 1);', ''],
      [
        'F1 without its 2',
        '(2 * common) / (answer.length + reference.length)',
        'common / (answer.length + reference.length)',
      ],
      [
        'pieces of words are words',
        "words !== '' && normalized.includes(`",
        "(words !== '' && normalized.includes(words)) || normalized.includes(`",
      ],
      [
        'only the first gold',
        'Math.max(0, ...asList(golds).map((gold) => singleF1(splitWords(normalizeAnswer(answer)), gold)))',
        'singleF1(splitWords(normalizeAnswer(answer)), asList(golds)[0])',
      ],
    ],
  },
  {
    file: 'text/rouge',
    tests: rouge,
    changes: [
      ['one n-gram short', 'tokens.length - n + 1', 'tokens.length - n'],
      ['precision by the reference', 'shared / Math.max(found, 1)', 'shared / Math.max(wanted, 1)'],
      ['a run for a subsequence', 'Math.max(previous[j], current[j - 1])', '0'],
    ],
  },
  {
    file: 'text/number-answer',
    tests: numbers,
    changes: [
      ['the first number', 'text.match(flexiblePattern)?.at(-1)', 'text.match(flexiblePattern)?.at(0)'],
      ['commas kept', ".replace(/,/g, '')", ''],
      ['absolute tolerance', 'tolerance * (gold === 0 ? 1 : Math.abs(gold))', 'tolerance'],
      ['edge of the tolerance is wrong', 'Math.abs(value - gold) <= tolerance', 'Math.abs(value - gold) < tolerance'],
    ],
  },
  {
    file: 'text/short-answer',
    tests: answers,
    changes: [
      ['a gold beside not knowing is an abstention', "found.length > 0 ? 'undecided' : 'abstained'", "'abstained'"],
      [
        'several numbers are an answer',
        'contradict(found) || found.some((gold) => otherNumbers(answer, gold, tolerance))',
        'contradict(found)',
      ],
      [
        'long answers without a gold are wrong',
        "splitWords(answer).length > longFrom ? 'undecided' : 'incorrect'",
        "'incorrect'",
      ],
      ['several candidates are one answer', 'size === 1', 'size >= 1'],
    ],
  },
  {
    file: 'text/porter-stem',
    tests: stems,
    changes: [
      ['short words stemmed', 'word.length <= 2', 'word.length <= 1'],
      ['endings of one syllable cut', 'measure(stem) > 1', 'measure(stem) > 0'],
      ['doubled consonants kept', 'stem : stem.slice(0, -1)', 'stem : stem'],
      ['y after a consonant is one', "(letter === 'y' && shape.endsWith('c'))", 'false'],
    ],
  },
  {
    file: 'citations/score',
    tests: citations,
    changes: [
      ['source 0 exists', 'id >= 1 && id <= sources.length', 'id >= 0 && id <= sources.length'],
      ['invented sources exist', 'id >= 1 && id <= sources.length', 'id >= 1'],
      [
        'precision over what exists',
        'ratio(scores.flatMap((score) => score.good).length, citations.length)',
        'ratio(scores.flatMap((score) => score.good).length, citations.filter(({ id }) => exists(id, sources)).length)',
      ],
      [
        'recall over cited sentences',
        'score.supported).length, sentences.length) ?? 0',
        'score.supported).length, sentences.filter((one) => one.citations.length > 0).length) ?? 0',
      ],
      [
        'every citation of a supported sentence is good',
        '(await supportedBy([id])) || !(await supportedBy(cited.filter((other) => other !== id)))',
        'true',
      ],
      ['arithmetic for harmonic mean', '(2 * recall * precision) / (recall + precision)', '(recall + precision) / 2'],
      [
        'coverage by citations',
        'sentence.citations.length > 0).length, sentences.length',
        'sentence.citations.length > 0).length, citations.length',
      ],
    ],
  },
  {
    file: 'citations/alce',
    tests: citations,
    changes: [
      ['sources from 0', 'Number(found.slice(1)) - 1', 'Number(found.slice(1))'],
      ['all citations considered', 'cited.slice(0, atMost)', 'cited'],
      ['unsupported citations free', 'total += used.length;', ''],
    ],
  },
  {
    file: 'citations/authority',
    tests: citations,
    changes: [
      ['least trusted for most', 'Math.min(...ranks)', 'Math.max(...ranks)'],
      ['both sides earn it', 'citedRanks.every((rank) => rank === best)', 'citedRanks.some((rank) => rank === best)'],
      ['unsupported answers judged', '!supported || ', ''],
    ],
  },
  {
    file: 'citations/parse',
    tests: citations,
    changes: [
      ['one number in a bracket', "match[1].split(',')", "match[1].split(';').slice(0, 1)"],
      ['malformed citations not counted', "(sentence.replace(accepted, '').match(numbered) ?? []).length", '0'],
      ['late citations in time', 'finalStop.test(', '/^$/.test('],
    ],
  },
  {
    file: 'citations/support',
    tests: citations,
    changes: [
      ['half of the words support', 'coverage >= 0.8', 'coverage >= 0.5'],
      ['numbers need not agree', ' && numbersAgree', ''],
      ['negation need not agree', ' && negationAgrees', ''],
      [
        'negation anywhere in the premise',
        'words(nearestSentence(premise, content)).some(isNegation)',
        '[...held].some(isNegation)',
      ],
      ['stop words count', '!stopWords.has(token) && ', ''],
    ],
  },
  {
    file: 'citations/sentences',
    tests: sentences,
    changes: [
      ['initials end sentences', '/^\\p{Lu}$/u.test(word) || ', ''],
      ['abbreviations end sentences', 'abbreviations.has(word.toLowerCase())', 'false'],
      ['numbers of lists end sentences', '/^\\s*\\p{N}+$/u.test(before)', 'false'],
      ['lower case begins sentences', "mark.includes('[') || !/^\\s*\\p{Ll}/u.test(after)", 'true'],
    ],
  },
  {
    file: 'safety/refusal-suite',
    tests: refusal,
    changes: [
      ['partial refusal is none', 'safe.refusal + safe.partial', 'safe.refusal'],
      [
        'partial compliance is full',
        'unsafe?.compliance ?? null',
        '(unsafe ? unsafe.compliance + unsafe.partial : null)',
      ],
    ],
  },
  {
    file: 'safety/refusal-phrases',
    tests: refusal,
    changes: [
      ['late phrases refuse', "return 'partial';", "return 'refusal';"],
      [
        'turns to helping not seen',
        "firstOf(words.slice(at), turningPhrases) >= 0 ? 'partial' : 'refusal'",
        "'refusal'",
      ],
      ['silence complies', "return 'unparseable';", "return 'compliance';"],
    ],
  },
  {
    file: 'safety/toxicity',
    tests: toxicity,
    changes: [
      ['the threshold is not toxic', 'score >= threshold', 'score > threshold'],
      ['the mildest sample', 'Math.max(...scores)', 'Math.min(...scores)'],
      ['prompts without a score are harmless', '!scores.includes(null)', 'true'],
    ],
  },
  {
    file: 'bias/bbq',
    tests: bbq,
    changes: [
      ['bias without its 2', '(2 * biased) / named.length', 'biased / named.length'],
      ['bias without its − 1', '(2 * biased) / named.length - 1', '(2 * biased) / named.length'],
      ['ambiguous bias not scaled', '(1 - accuracy) * bias', 'bias'],
      ['bias scaled by accuracy', '(1 - accuracy) * bias', 'accuracy * bias'],
      ['unknown answers name a person', ' && answer !== unknown', ''],
      ['unreadable answers name a person', 'answer !== null && ', ''],
      ['nobody named is no bias', 'named.length === 0 ? null', 'named.length === 0 ? 0'],
    ],
  },
  {
    file: 'bias/bbq-row',
    tests: bbq,
    changes: [
      ['polarity not heeded', 'return negative ? target', 'return true ? target'],
      ['groups by case', '.map((group) => group.toLowerCase())', ''],
      ['two targets are one', 'targets.length === 1', 'targets.length >= 1'],
    ],
  },
  {
    file: 'bias/crows-pairs',
    tests: pairs,
    changes: [
      ['ties are stereotypes', 'pair.more > pair.less', 'pair.more >= pair.less'],
      ['ties divide', 'more / (pairs.length - ties)', 'more / pairs.length'],
    ],
  },
  {
    file: 'bias/stereoset',
    tests: pairs,
    changes: [
      ['ties are stereotypes', 'item.stereotype > item.antiStereotype', 'item.stereotype >= item.antiStereotype'],
      ['related over one sentence', '(100 * related) / (2 * own.length)', '(100 * related) / own.length'],
      [
        'rows for terms',
        'targets.reduce((sum, target) => sum + target[key], 0) / targets.length',
        'targets.reduce((sum, target) => sum + target[key], 0) / items.length',
      ],
      ['ICAT of the larger side', 'Math.min(stereotype, 100 - stereotype)', 'Math.max(stereotype, 100 - stereotype)'],
    ],
  },
  {
    file: 'bias/counterfactual-pairs',
    tests: counterfactual,
    changes: [
      ['no decision is one', 'a !== 0 && b !== 0', 'true'],
      ['agreement for flips', 'a > 0 !== b > 0', 'a > 0 === b > 0'],
      ['signed for absolute', 'Math.abs(a - b)', 'a - b'],
      ['no over yes', 'logSumExp(yes) - logSumExp(no)', 'logSumExp(no) - logSumExp(yes)'],
    ],
  },
  {
    file: 'outcomes/attempted',
    tests: outcomes,
    changes: [
      [
        'nonsense is no attempt',
        'counts.correct + counts.incorrect + counts.unparseable',
        'counts.correct + counts.incorrect',
      ],
      [
        'nonsense costs nothing',
        '(counts.incorrect + counts.unparseable) * wrongAnswerReward',
        'counts.incorrect * wrongAnswerReward',
      ],
      ['wrong answers pay', '-threshold / (1 - threshold)', 'threshold / (1 - threshold)'],
      ['wrong answers cost t', '-threshold / (1 - threshold)', '-threshold'],
      ['mean for harmonic mean', '(2 * correct * given) / (correct + given)', '(correct + given) / 2'],
    ],
  },
  {
    file: 'outcomes/abstention',
    tests: outcomes,
    changes: [
      ['abstentions are answers', 'answerable.length - abstainedWrong', 'answerable.length'],
      ['precision over answerable rows', 'abstainedRight + abstainedWrong', 'answerable.length'],
      ['recall over all rows', 'ratio(abstainedRight, unanswerable.length)', 'ratio(abstainedRight, items.length)'],
      ['sum for mean', '(answerableAccuracy + abstentionRecall) / 2', 'answerableAccuracy + abstentionRecall'],
    ],
  },
  {
    file: 'calibration/expected-error',
    tests: calibration,
    changes: [
      ['bins closed on the left', 'confidence <= index / bins', 'confidence < index / bins'],
      ['bins not weighed', '(count / total) * Math.abs', 'Math.abs'],
      ['signed gaps cancel', 'Math.abs(accuracy - confidence)', '(accuracy - confidence)'],
      [
        'order decides among equals',
        'members.filter((member) => member.correct).length / members.length',
        'Number(members[0].correct)',
      ],
    ],
  },
  {
    file: 'calibration/ranking',
    tests: calibration,
    changes: [
      ['Brier not squared', '(confidence - (correct ? 1 : 0)) ** 2', 'Math.abs(confidence - (correct ? 1 : 0))'],
      ['skill over a coin', 'accuracy * (1 - accuracy)', '0.25'],
      ['ties win', '(lowerBound(sorted, value) + upperBound(sorted, value) + 1) / 2', 'upperBound(sorted, value)'],
      ['AUROC without its ranks', '(right.length * (right.length + 1)) / 2', '(right.length * right.length) / 2'],
      ['least confident first', 'b.confidence - a.confidence', 'a.confidence - b.confidence'],
      [
        'coverage rounded down',
        'Math.ceil(coverage * curve.length - 1e-9)',
        'Math.floor(coverage * curve.length - 1e-9)',
      ],
      ['risk over all', 'errors / (i + 1)', 'errors / items.length'],
    ],
  },
  {
    file: 'intent/out-of-scope',
    tests: at('intent', 'out-of-scope'),
    changes: [
      ['out-of-scope rows in the accuracy', 'item.gold !== outOfScope', 'true'],
      ['recall and precision exchanged', 'outOfScopeRecall: recall', 'outOfScopeRecall: precision'],
    ],
  },
  {
    file: 'factuality/factscore',
    tests: facts,
    changes: [
      ['short responses not penalised', 'facts > gamma ? 1', 'true ? 1'],
      ['penalty upside down', '1 - gamma / facts', '1 - facts / gamma'],
      ['silence responds', 'checked.length / responses.length', '1'],
    ],
  },
  {
    file: 'factuality/rubric',
    tests: facts,
    changes: [
      ['negative points divide', 'sum + Math.max(0, points)', 'sum + Math.abs(points)'],
      ['not clipped', 'Math.min(1, Math.max(0, mean))', 'mean'],
    ],
  },
  {
    file: 'factuality/halueval',
    tests: facts,
    changes: [
      ['half a pair is a pair', 'count === 2', 'count >= 1'],
      ['both words are a yes', 'if (yes === no)', 'if (!yes && !no)'],
      ['verdicts exchanged', "onRight === 'no'", "onRight === 'yes'"],
    ],
  },
  {
    file: 'factuality/ragtruth',
    tests: spans,
    changes: [
      [
        'precision and recall exchanged',
        'precision: ratio(hits, marked), recall: ratio(hits, wanted)',
        'precision: ratio(hits, wanted), recall: ratio(hits, marked)',
      ],
      ['the end belongs to the span', 'i < end', 'i <= end'],
      ['F1 without its 2', 'ratio(2 * hits, marked + wanted)', 'ratio(hits, marked + wanted)'],
      ['kinds over all spans', 'gold.filter(isKind)', 'gold'],
    ],
  },
  {
    file: 'visibility/geo',
    tests: at('visibility', 'geo'),
    changes: [
      ['later sentences weigh more', 'Math.exp(-i / (sentences.length - 1))', 'Math.exp(i / (sentences.length - 1))'],
      ['citations do not share', 'total.words += words / citations.length', 'total.words += words'],
      ['short words count', 'length > 2', 'length > 1'],
      ['place over S', '-i / (sentences.length - 1)', '-i / sentences.length'],
    ],
  },
  {
    file: 'ifeval/verifier',
    tests: instructions,
    changes: [
      ['at least is more than', 'actual >= threshold', 'actual > threshold'],
      ['less than is at most', 'actual < threshold', 'actual <= threshold'],
    ],
  },
  {
    file: 'ifeval/instructions',
    tests: instructions,
    changes: [
      ['white space follows', "strip(text) === '' ? false : check", 'check'],
      ['loose forgives nothing', 'followsAny(check, variants, tools)', 'followsAny(check, [text], tools)'],
      ['strict forgives', 'followsAny(check, [text], tools)', 'followsAny(check, variants, tools)'],
    ],
  },
  {
    file: 'ifeval/accuracy',
    tests: instructions,
    changes: [
      ['one instruction is enough', 'if (followed.includes(false))', 'if (!followed.includes(true))'],
      ['undecided prompts are followed', 'followed.includes(null) ? null : true', 'true'],
    ],
  },
  {
    file: 'ifeval/keywords',
    tests: instructions,
    changes: [
      ['forbidden inside words', 'wordBoundary + escapePattern(word) + wordBoundary', 'escapePattern(word)'],
      ['one keyword is enough', 'keywords.every(', 'keywords.some('],
      ['letters by case', 'text.toLowerCase().split(letter)', 'text.split(letter)'],
    ],
  },
  {
    file: 'ifeval/format',
    tests: instructions,
    changes: [
      ['more bullets are as good', '=== num_bullets', '>= num_bullets'],
      ['empty titles', "strip(stripEnd(stripStart(title, '<'), '>')) !== ''", 'true'],
    ],
  },
  {
    file: 'ifeval/whole-answer',
    tests: instructions,
    changes: [
      ['equal responses are two', 'filled.length === 2 && filled[0] !== filled[1]', 'filled.length === 2'],
      [
        'end phrase anywhere',
        '.endsWith(strip(end_phrase).toLowerCase())',
        '.includes(strip(end_phrase).toLowerCase())',
      ],
      ['capitals may be mixed', 'isUpperCase(text) && isEnglish', 'isEnglish'],
    ],
  },
  {
    file: 'rewards/shaping',
    tests: rewards,
    changes: [
      [
        'long answers pay',
        '(longest - margin - tokens.length) / margin',
        '(tokens.length - longest + margin) / margin',
      ],
      ['shortness pays', 'Math.max(-1, Math.min(0, (longest', 'Math.max(-1, Math.min(1, (longest'],
      ['repetition pays', '-most * repeated', 'most * repeated'],
      ['calibration without correctness', 'right - (confidence - right) ** 2', '-((confidence - right) ** 2)'],
      ['abstaining threshold upside down', '(abstained - wrong) / (1 - wrong)', '(1 - wrong) / (abstained - wrong)'],
    ],
  },
  {
    file: 'statistics/judge-agreement',
    tests: judges,
    changes: [
      ['49 labels measure a judge', 'both.length < calibrationItems', 'both.length < 49'],
      ['a missing verdict is a verdict', 'people !== null && judge !== null', 'true'],
      ['ties count as wrong choices', "people !== 'tie' && judge !== 'tie'", 'true'],
      ['α of pairs in one direction', '[mirrored(people), mirrored(judge)],', ''],
      ['only people are mirrored', 'mirrored(judge)]', 'judge]'],
    ],
  },
  {
    file: 'statistics/judge-position',
    tests: judges,
    changes: [
      ['first and second place mixed up', "aFirst === 'a' && bFirst === 'b'", "aFirst === 'b' && bFirst === 'a'"],
      ['the second place is nobody’s favourite', '|| interval.high < 0.5', ''],
      ['every change of mind is a favourite place', 'interval.low > 0.5 ||', 'byPlace > 0 ||'],
    ],
  },
  {
    file: 'rewards/rubric',
    tests: rubrics,
    changes: [
      ['no verdict is 0', "value: null, why: 'no verdict'", "value: 0, why: 'no verdict'"],
      ['no rubric is 0', "value: null, why: 'the row", "value: 0, why: 'the row"],
      ['below 0 is kept', 'Math.max(0, unclipped)', 'unclipped'],
      ['the answer is not shown', "{ role: 'assistant', content: text }", ''],
      ['too few verdicts are taken', 'met.length !== rubric.length', 'false'],
      ['points of 0 are taken', '|| value === 0', ''],
      ['nothing to win is taken', '!rubric.some(({ points }) => points > 0)', 'false'],
      ['bad things that are missing are missed', 'met[i] !== points > 0', '!met[i]'],
    ],
  },
  {
    file: 'rewards/combine',
    tests: rewards,
    changes: [
      ['gates do not multiply', 'open * sum', 'sum'],
      ['terms not weighed', 'weight * value', 'value'],
      ['penalties forgotten', 'value: earned + penalty', 'value: earned'],
      [
        'gates shut the branch too',
        'branch?.value ?? (await gatedSum(gates, terms, ask))',
        '(await gatedSum(gates, terms, ask))',
      ],
    ],
  },
  {
    file: 'rewards/citation',
    tests: rewards,
    changes: [
      ['runs of seven are copies', 'longest < shortest', 'longest < shortest - 1'],
      [
        'copies start anywhere',
        'word === b[j - 1] ? previous[j - 1] + 1 : 0',
        'word === b[j - 1] ? previous[j - 1] + 1 : previous[j - 1]',
      ],
      ['late citations pass the gate', ' && !afterStop', ''],
      ['no citations pass the gate', 'citations.length > 0 && ', ''],
    ],
  },
  {
    file: 'rewards/withholding',
    tests: rewards,
    changes: [
      ['abstaining always pays', 'answerable(row) ? { value: onAnswerable', 'false ? { value: onAnswerable'],
      ['partial answers pay on unsafe requests', 'partial: 0', 'partial: 1'],
      ['over-refusal free', 'partial: overRefusal, refusal: overRefusal', 'partial: overRefusal, refusal: 1'],
    ],
  },
  {
    file: 'rewards/audit',
    tests: rewards,
    changes: [['as good as honesty is not suspicious', 'earned > reference - margin', 'earned > reference + margin']],
  },
];

/** @type {readonly { what: string, file: string, find: string, replace: string, tests: readonly string[] }[]} */
export const mutants = groups.flatMap(({ file, tests, changes }) =>
  changes.map(([what, find, replace]) => ({ what, file: `scoring/${file}.js`, find, replace, tests })),
);
