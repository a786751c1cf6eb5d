"""OpenRLHF's PPO on given answers of unequal length: rewards of tokens, advantages, returns, policy and value losses with their gradients, entropies.
Writes policy/openrlhf.json.

OpenRLHF's own modules run, without its trainers: `pip install --no-deps openrlhf==0.11.2` (or the unpacked wheel on PYTHONPATH), and what else they
import (deepspeed, ray) is stood in for, as nothing of it is called.
"""
import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # the entropy as it is written
from fixture_files import OUT, made_with, write_json

import torch

package = find_spec("openrlhf").submodule_search_locations[0]
for name in ["openrlhf", *(f"openrlhf.{part}" for part in ("models", "utils", "trainer", "trainer.ppo_utils", "trainer.ray"))]:
    bare = ModuleType(name)  # without its __init__, which imports everything
    bare.__path__ = [os.path.join(package, *name.split(".")[1:])]
    bare.__spec__ = ModuleSpec(name, None, is_package=True)
    sys.modules[name] = bare
for name in ("deepspeed", "ray", "openrlhf.trainer.ray.launcher", "openrlhf.trainer.ppo_utils.experience"):
    sys.modules[name] = MagicMock()

from openrlhf.models.loss import PolicyLoss, ValueLoss
from openrlhf.models.utils import compute_approx_kl, compute_entropy
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker

SEED = 5
ANSWERS = [5, 12, 1, 8, 3]
SCORES = [0.8, -1.5, 0.3, 2.0, -0.4]
VARIANTS = {
    "default": dict(gamma=1.0, lambd=0.95, beta=0.1, low=0.2, high=0.2, clip=0.2),
    "discounted": dict(gamma=0.97, lambd=0.8, beta=0.3, low=0.1, high=0.28, clip=0.05),
    "unclipped values": dict(gamma=1.0, lambd=1.0, beta=0.0, low=0.2, high=0.2, clip=None),
}

generator = torch.Generator().manual_seed(SEED)
T = max(ANSWERS)
mask = torch.stack([(torch.arange(T) < a).float() for a in ANSWERS])
normal = lambda mean, std: (torch.randn(len(ANSWERS), T, generator=generator) * std + mean) * mask
old, values = normal(-2.0, 0.7), normal(0.1, 0.6)
reference = (old + normal(-0.2, 0.3)) * mask
now, values_now = (old + normal(0.0, 0.25)) * mask, (values + normal(0.1, 0.3)) * mask
logits = torch.randn(6, 11, generator=generator) * 2
weights = torch.randn(6, generator=generator)


def rows(tensor):
    return [row[:count].tolist() for row, count in zip(tensor, ANSWERS)]


def experience(beta):
    kl = compute_approx_kl(old, reference, kl_estimator="k1") * mask
    return SimpleNamespace(rewards=torch.tensor(SCORES), index=list(range(len(ANSWERS))), kl=kl, action_mask=mask, values=values.clone(), info={})


def maker(variant):
    args = SimpleNamespace(
        rollout=SimpleNamespace(n_samples_per_prompt=1), reward=SimpleNamespace(clip_range=None, overlong_buffer_len=None, stop_properly_penalty_coef=None),
        algo=SimpleNamespace(advantage=SimpleNamespace(estimator="gae", gamma=variant["gamma"], lambd=variant["lambd"], no_std_norm=False)),
    )
    made = RemoteExperienceMaker.__new__(RemoteExperienceMaker)
    made.strategy, made.kl_ctl, made.advantage_estimator = SimpleNamespace(args=args), SimpleNamespace(value=variant["beta"]), "gae"
    return made


results = {}
for name, variant in VARIANTS.items():
    (made,) = maker(variant).compute_advantages_and_returns([experience(variant["beta"])])
    logps = now.clone().requires_grad_()
    policy, clipped, moved, *_ = PolicyLoss(variant["low"], variant["high"])(logps, old, made.advantages, mask)
    policy.backward()
    predicted = values_now.clone().requires_grad_()
    value = ValueLoss(variant["clip"])(predicted, values, made.returns, mask)
    value.backward()
    assert 0.05 < clipped.item() < 0.95, f"{name}: {clipped}"
    blocked = ((predicted.grad == 0) & (mask > 0)).sum().item()
    assert blocked > 0 or variant["clip"] is None, f"{name}: no value is clipped"
    results[name] = dict(
        advantages=rows(made.advantages), returns=rows(made.returns), policyLoss=policy.item(), policyGradient=rows(logps.grad), clipped=clipped.item(),
        valueLoss=value.item(), valueGradient=rows(predicted.grad), valuesClipped=blocked,
    )

leaf = logits.clone().requires_grad_()
entropies = compute_entropy(leaf)
(entropies * weights).sum().backward()
write_json(OUT / "policy/openrlhf.json", dict(
    madeWith=made_with("openrlhf"), answers=ANSWERS, scores=SCORES, variants=VARIANTS, old=rows(old), reference=rows(reference), values=rows(values),
    now=rows(now), valuesNow=rows(values_now), results=results,
    entropy=dict(logits=logits.tolist(), weights=weights.tolist(), values=entropies.tolist(), gradient=leaf.grad.tolist()),
))
print({name: {key: result[key] for key in ("policyLoss", "clipped", "valueLoss", "valuesClipped")} for name, result in results.items()})
