"""TRL's GRPO and RLOO losses on given rollouts of unequal length, in two epochs: `tiny/untied` takes a step of plain gradient descent
between them, so that ratios differ from 1 and some are clipped. Writes policy/trl.{json,safetensors}.

TRL's own `_compute_loss` runs; log-probabilities come to it from transformers' model row by row, without padding, at a temperature.
"""
from collections import defaultdict
from types import SimpleNamespace

from fixture_files import GOLDEN, OUT, made_with, write_json, write_tensors

import torch
from transformers import AutoModelForCausalLM
from trl import GRPOTrainer, RLOOTrainer

TEMPERATURE = 0.7
STEP = 0.05  # length of the step between the epochs, unless a variant says otherwise
LONGEST = 12
SEED = 11
PROMPTS = [4, 4, 9, 9, 2]
ANSWERS = [5, 12, 1, 8, 3]
ADVANTAGES = [1.2, -0.7, 0.4, -1.1, 0.9]
KEPT = ["model.layers.1.self_attn.q_proj.weight", "model.norm.weight", "lm_head.weight"]
VARIANTS = {
    "grpo": dict(loss="grpo"),
    "grpo-k3": dict(loss="grpo", beta=0.3),
    "grpo-corrected": dict(loss="grpo", corrected=True),
    "dapo": dict(loss="dapo", high=0.28),
    "dr-grpo": dict(loss="dr_grpo"),
    "gspo": dict(loss="grpo", level="sequence", low=0.03, high=0.04, step=0.004),
    "cispo": dict(loss="cispo", high=1.1),
    "rloo": dict(rloo=True, step=0.003),
}

generator = torch.Generator().manual_seed(SEED)
rows = [torch.randint(0, 128, (p + a,), generator=generator) for p, a in zip(PROMPTS, ANSWERS)]
noise = [torch.randn(a, generator=generator) * 0.5 for a in ANSWERS]
sampled_apart = [torch.randn(a, generator=generator) * 0.8 for a in ANSWERS]
T = max(ANSWERS)


def padded(values):
    return torch.stack([torch.nn.functional.pad(v, (0, T - len(v))) for v in values])


mask = padded([torch.ones(a) for a in ANSWERS])


def logps(model):
    """[B, T], zeros where there is no token."""
    found = []
    for row, answer in zip(rows, ANSWERS):
        logits = model(row[None]).logits[0, -answer - 1 : -1].float() / TEMPERATURE
        found.append(torch.log_softmax(logits, -1).gather(1, row[-answer:, None])[:, 0])
    return padded(found)


base = AutoModelForCausalLM.from_pretrained(GOLDEN / "tiny/untied", dtype=torch.float32)
reference = [row[:a] + n for row, a, n in zip(logps(base).detach(), ANSWERS, noise)]


def trainer(variant, read):
    level, loss = variant.get("level", "token"), variant.get("loss")
    corrected = variant.get("corrected", False)
    same = lambda x, **_: x
    return SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *a, **k: (read(), torch.zeros(len(rows), T), None),
        aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None, importance_sampling_level=level,
        beta=variant.get("beta", 0.0), loss_type=loss, epsilon_low=variant.get("low", 0.2), epsilon_high=variant.get("high", 0.2),
        args=SimpleNamespace(use_bias_correction_kl=False, delta=None, steps_per_generation=1), use_vllm=corrected,
        vllm_importance_sampling_correction=corrected, current_gradient_accumulation_steps=1, max_completion_length=LONGEST,
        _entropy_bonus_enabled=False, model=SimpleNamespace(training=True), _metrics=defaultdict(lambda: defaultdict(list)),
        accelerator=SimpleNamespace(num_processes=1, gather=same, reduce=same, gather_for_metrics=same),
    )


def loss_of(variant, now, old):
    ids = torch.zeros(len(rows), T, dtype=torch.long)
    inputs = dict(prompt_ids=ids, prompt_mask=ids, completion_ids=ids, completion_mask=mask, advantages=torch.tensor(ADVANTAGES),
                  num_items_in_batch=mask.sum())
    fake = trainer(variant, lambda: now)
    if variant.get("rloo"):
        return RLOOTrainer._compute_loss(fake, None, {**inputs, "old_logps": (old * mask).sum(1)})
    ratio = torch.exp(padded(sampled_apart)).clamp(max=2.0)
    inputs |= dict(old_per_token_logps=old, ref_per_token_logps=padded(reference), importance_sampling_ratio=ratio)
    return GRPOTrainer._compute_loss(fake, None, inputs)


def flat(values):
    return torch.cat([values[i, :a] for i, a in enumerate(ANSWERS)])


tensors, results = {}, {}
for name, variant in VARIANTS.items():
    model = AutoModelForCausalLM.from_pretrained(GOLDEN / "tiny/untied", dtype=torch.float32)
    old = logps(model).detach()
    losses = []
    for epoch in range(2):
        model.zero_grad()
        now = logps(model)
        now.retain_grad()
        loss = loss_of(variant, now, old)
        loss.backward()
        losses.append(loss.item())
        if epoch == 0:
            lr = variant.get("step", STEP) / torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= lr * parameter.grad
    ratios = torch.exp(flat(now.detach() - old))
    assert (ratios - 1).abs().max() > 0.02, f"{name}: {ratios}"
    blocked = (flat(now.grad) == 0).sum().item()
    assert 0 < blocked < len(ratios) or name in ("cispo", "grpo-k3"), f"{name}: {blocked} clipped, {ratios}"
    if name == "cispo":
        assert (ratios > variant["high"]).any()
    parameters = dict(model.named_parameters())
    results[name] = dict(losses=losses, lr=lr, gradNorm=torch.cat([p.grad.flatten() for p in parameters.values()]).norm().item(), blocked=blocked)
    tensors |= {f"{name}.old": flat(old), f"{name}.logps": flat(now.detach()), f"{name}.terms": flat(now.grad)}
    tensors |= {f"{name}.gradient.{key}": parameters[key].grad for key in KEPT}

write_json(OUT / "policy/trl.json", dict(
    madeWith=made_with("transformers", "trl"), temperature=TEMPERATURE, longest=LONGEST, prompts=PROMPTS, answers=ANSWERS,
    advantages=ADVANTAGES, rows=[row.tolist() for row in rows], variants=VARIANTS, results=results,
    reference=[r.tolist() for r in reference], sampledApart=[s.tolist() for s in sampled_apart],
))
write_tensors(OUT / "policy/trl.safetensors", tensors)
print(results)
