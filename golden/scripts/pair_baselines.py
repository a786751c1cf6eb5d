"""Logistic baselines of preference pairs by scikit-learn, and correlations by SciPy.

    python golden/scripts/pair_baselines.py

Writes golden/baselines/pairs.json: training pairs of made-up sentences whose preference hangs on words and a little on length,
the weights of LogisticRegression without a constant on differences (each pair with its opposite, of half weight) of word counts
and of scaled length, decision values on further pairs, and Pearson's and Spearman's correlations of columns with ties.
"""
import random
import re

from fixture_files import OUT, made_with, write_json

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LogisticRegression

WORDS = "the a old new river town baker lamp ring coat knows says gives takes help sorry cannot sure maybe never".split()
GOOD, BAD = {"help", "sure", "gives"}, {"never", "takes", "sorry"}
FEWEST, L2 = 2, 1.0


def sentence(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(3, 12))) + rng.choice([".", " !", "?"])


def pairs(rng, count):
    out = []
    for _ in range(count):
        a, b = sentence(rng), sentence(rng)
        worth = lambda text: sum((w in GOOD) - (w in BAD) for w in words(text)) + 0.1 * len(words(text)) + rng.gauss(0, 0.7)
        out.append([a, b] if worth(a) > worth(b) else [b, a])
    return out


def words(text):
    return re.findall(r"[^\W_]+|[^\s\w]|_", text.lower())


def fit(differences, l2):
    x = np.array(differences, dtype=float)
    model = LogisticRegression(C=1 / l2, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    model.fit(np.vstack([x, -x]), np.r_[np.ones(len(x)), np.zeros(len(x))], sample_weight=np.full(2 * len(x), 0.5))
    return model.coef_[0]


if __name__ == "__main__":
    rng = random.Random(7)
    training, held_out = pairs(rng, 160), pairs(rng, 40)
    seen = {}
    for pair in training:
        for word in set(words(pair[0]) + words(pair[1])):
            seen[word] = seen.get(word, 0) + 1
    names = sorted(word for word, count in seen.items() if count >= FEWEST)
    counts = lambda text: np.array([words(text).count(name) for name in names], dtype=float)
    spread = np.sqrt(np.mean([(len(words(a)) - len(words(b))) ** 2 for a, b in training]))
    length = lambda text: np.array([len(words(text)) / spread])
    result = {}
    for name, features in (("words", counts), ("length", length)):
        weights = fit([features(a) - features(b) for a, b in training], L2)
        values = [float((features(a) - features(b)) @ weights) for a, b in held_out]
        result[name] = {"weights": weights.tolist(), "heldOut": values, "right": int(sum(v > 0 for v in values))}
    x = [float(rng.randint(0, 9)) for _ in range(30)]
    y = [a * 0.5 + rng.randint(0, 6) for a in x]
    write_json(OUT / "baselines/pairs.json", {
        "madeBy": "golden/scripts/pair_baselines.py", "madeWith": made_with("scikit-learn", "scipy"), "l2": L2, "fewestPairs": FEWEST,
        "training": training, "heldOut": held_out, "names": names, **result,
        "correlation": {"x": x, "y": y, "pearson": float(pearsonr(x, y)[0]), "spearman": float(spearmanr(x, y)[0])},
    })
    print(len(names), {k: v["right"] for k, v in result.items()})
