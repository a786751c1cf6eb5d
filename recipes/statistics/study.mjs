// Do the intervals, verdicts and power lines of posttrain/scoring hold what they promise? README.md says what is done.
//   npm run -s study -- statistics --json
import {
  detectableDifference,
  mcnemarPower,
  methodVerdict,
  minimumDetectableEffect,
  testPower,
  verdict,
  verdicts,
} from 'posttrain/scoring';
import { Random } from '../../packages/posttrain/dist/support/random.js';
import { f1Of, meanOf, methodsOf, pairedOf } from './samples.mjs';
import { answers, grade, grades, right, trueF1 } from './worlds.mjs';

export const description =
  'Simulated worlds with a known truth: coverage of intervals, false verdicts, power as printed';
/** Repeats of a world by formula, and of one by resampling, which costs hundreds of draws each. */
export const settings = { repeats: 6000, resampled: 3000, draws: 300, seed: 1 };

const clusterCounts = [10, 20, 40, 80];

export async function run({ settings, log }) {
  const coverage = coverageTable(settings, log);
  const falseVerdicts = falseVerdictTable(settings, log);
  const power = powerTable(settings, log);
  const claimed = coverage.filter((row) => row.claimed);
  const checks = {
    'intervals cover at least 94 % from 40 clusters on': claimed.every(({ covered }) => covered >= 0.94),
    'false verdicts are at most 1 point over their nominal rate': falseVerdicts.every(
      ({ rate, nominal }) => rate <= nominal + 0.01,
    ),
    'power is within 2 points of the printed one': power.every(
      ({ printed, found }) => Math.abs(printed - found) <= 0.02,
    ),
  };
  return {
    ok: Object.values(checks).every(Boolean),
    ours: { checks, lowestClaimed: Math.min(...claimed.map(({ covered }) => covered)), coverage, falseVerdicts, power },
    peers: null,
    bound: null,
    ratio: null,
  };
}

/** Each draw gives a truth and an estimate; `kinds` are the sizes of clusters it is drawn with. */
function coverageWorlds({ repeats, resampled, draws, seed }) {
  const formula = { repeats, kinds: ['alone', 'equal', 'uneven'] };
  return [
    {
      name: 'share, 60 to 95 % right',
      ...formula,
      sample: (random, clusters, kind) => {
        const truth = 0.6 + 0.35 * random.float();
        return { truth, estimate: meanOf(random, clusters, kind, right(truth)) };
      },
    },
    {
      name: 'share, 80 % right',
      ...formula,
      // Wilson's interval of single items is what evaluation.md prescribes; at a single truth its coverage jumps with n.
      unclaimed: ['alone'],
      sample: (random, clusters, kind) => ({ truth: 0.8, estimate: meanOf(random, clusters, kind, right(0.8)) }),
    },
    {
      name: 'mean grade',
      ...formula,
      sample: (random, clusters, kind) => ({ truth: 0.625, estimate: meanOf(random, clusters, kind, grade) }),
    },
    {
      name: 'paired, 20 % fixed and 10 % broken',
      ...formula,
      sample: (random, clusters, kind) => ({
        truth: 0.1,
        estimate: pairedOf(random, clusters, kind, answers(0.2, 0.1, 0.4)),
      }),
    },
    {
      name: 'paired, 8 % fixed and 2 % broken',
      ...formula,
      sample: (random, clusters, kind) => ({
        truth: 0.06,
        estimate: pairedOf(random, clusters, kind, answers(0.08, 0.02, 0.6)),
      }),
    },
    {
      name: 'paired grades',
      ...formula,
      sample: (random, clusters, kind) => ({
        truth: 0.05,
        estimate: pairedOf(random, clusters, kind, grades(0.3, 0.1)),
      }),
    },
    {
      name: 'F1 by bootstrap',
      repeats: resampled,
      kinds: ['equal', 'uneven'],
      sample: (random, clusters, kind) => ({
        truth: trueF1,
        // The tails of a few clusters lie beyond what a few hundred draws reach: there is no interval then.
        estimate: f1Of(random, clusters, kind, { draws: clusters < 20 ? 2000 : draws, seed }),
      }),
    },
    {
      name: 'two methods, 5 seeds each',
      repeats: resampled / 2,
      kinds: ['pairs'],
      sample: (random, clusters) => ({ truth: 0.05, estimate: methodsOf(random, clusters, 0.05, { draws, seed }) }),
    },
  ];
}

function coverageTable(settings, log) {
  const rows = [];
  for (const clusters of clusterCounts) {
    log(`coverage with ${clusters} clusters`);
    for (const { name, repeats, kinds, unclaimed = [], sample } of coverageWorlds(settings))
      for (const kind of kinds) {
        const random = Random.of(settings.seed, 'coverage', name, kind, clusters);
        const found = coverageOf(repeats, () => sample(random, clusters, kind));
        rows.push({ name, kind, clusters, ...found, claimed: clusters >= 40 && !unclaimed.includes(kind) });
      }
  }
  return rows;
}

/** An interval that does not exist covers nothing, so it counts as a miss. */
function coverageOf(repeats, sample) {
  let [covered, width, without] = [0, 0, 0];
  for (let i = 0; i < repeats; i++) {
    const { truth, estimate } = sample();
    if (!estimate.interval) {
      without++;
      continue;
    }
    const { low, high } = estimate.interval;
    width += high - low;
    // Where an end is the truth itself, its last bits are rounding.
    if (low - 1e-9 <= truth && truth <= high + 1e-9) covered++;
  }
  return { covered: round(covered / repeats), width: round(width / (repeats - without)), withoutInterval: without };
}

/** How often rows without any true difference get the word improved or regressed, and others wrongly equivalent. */
function falseVerdictTable({ repeats, resampled, draws, seed }, log) {
  const rows = [];
  const add = (name, clusters, count, nominal, isFalse) => {
    const random = Random.of(seed, 'false verdicts', name, clusters);
    let found = 0;
    for (let i = 0; i < count; i++) if (isFalse(random)) found++;
    rows.push({ name, clusters, rate: round(found / count), nominal });
  };
  const directed = ({ word }) => word === 'improved' || word === 'regressed';
  const unchanged = {
    'answers, 15 % fixed and broken': answers(0.15, 0.15, 0.3),
    'answers, 4 % fixed and broken': answers(0.04, 0.04, 0.5),
    grades: grades(0.2, 0.2),
  };
  const evidence = (random, clusters, kind, draw) => ({
    difference: pairedOf(random, clusters, kind, draw),
    higherIsBetter: true,
  });
  for (const clusters of clusterCounts) {
    log(`false verdicts with ${clusters} clusters`);
    for (const [name, draw] of Object.entries(unchanged))
      for (const kind of ['alone', 'equal', 'uneven'])
        add(`${name}, ${kind}`, clusters, repeats, 0.05, (random) =>
          directed(verdict(evidence(random, clusters, kind, draw))),
        );
    add('any of 8 rows, Holm, uneven', clusters, repeats / 4, 0.05, (random) =>
      verdicts(Array.from({ length: 8 }, () => evidence(random, clusters, 'uneven', answers(0.15, 0.15, 0.3)))).some(
        directed,
      ),
    );
    // A true difference at the margin: equivalent is wrong, and the interval leaves it out on that side in 2.5 %.
    add('equivalent at the margin, uneven', clusters, repeats, 0.025, (random) => {
      const row = evidence(random, clusters, 'uneven', answers(0.2, 0.1, 0.4));
      return verdict({ ...row, margin: 0.1 }).word === 'equivalent';
    });
    add('two methods, 5 seeds each', clusters, resampled / 2, 0.05, (random) =>
      directed(methodVerdict(methodsOf(random, clusters, 0, { draws, seed }), { higherIsBetter: true })),
    );
  }
  return rows;
}

/** How often a true difference is found, beside the power that is printed for it. */
function powerTable({ repeats, seed }, log) {
  const rows = [];
  const add = (name, n, difference, printed, sample) => {
    const random = Random.of(seed, 'power', name, n);
    const count = repeats / 2;
    let found = 0;
    for (let i = 0; i < count; i++)
      if (verdict({ difference: sample(random), higherIsBetter: true }).word === 'improved') found++;
    rows.push({ name, n, difference: round(difference), printed: round(printed), found: round(found / count) });
  };
  for (const n of [50, 100, 200, 1000]) {
    log(`power with ${n} items`);
    const discordant = 0.3;
    const differences = {
      exact: detectableDifference({ n, discordant }),
      approximate: minimumDetectableEffect(n, discordant),
    };
    for (const [which, difference] of Object.entries(differences)) {
      const draw = answers((discordant + difference) / 2, (discordant - difference) / 2, 0.3);
      const printed = mcnemarPower({ n, discordant }, difference);
      add(`answers, the ${which} detectable difference`, n, difference, printed, (random) =>
        pairedOf(random, n, 'alone', draw),
      );
    }
  }
  for (const clusters of [20, 40, 80]) {
    // A step of a quarter up in 30 % and down in 15 %; a sum over 5 items of correlation 0.2 has 5 (1 + 4 · 0.2) times its variance.
    const [difference, variance, n] = [0.0375, 0.45 * 0.25 ** 2 - 0.0375 ** 2, 5 * clusters];
    const error = Math.sqrt((variance * 1.8) / n);
    add('grades in clusters of 5', n, difference, testPower(difference, error, clusters - 1), (random) =>
      pairedOf(random, clusters, 'equal', grades(0.3, 0.15)),
    );
  }
  return rows;
}

const round = (x) => Math.round(x * 1e4) / 1e4;
