"""AdamW, Muon, learning-rate schedules and gradient clipping on small tensors with fixed gradients.

    python golden/scripts/optimizers.py

Writes golden/optim/{adamw,muon,schedules,clip}.json. Tensors are nested lists of the float32 values.
"""
import torch
from transformers import get_scheduler

from fixture_files import OUT, made_with, write_json

STEPS = 10
MUON_KEPT = [1, 2, 10]  # the steps after which the parameters are stored
FOLDER = OUT / "optim"


def draw(shape, generator, scale=1.0):
    return torch.randn(shape, generator=generator) * scale


def drawn(shapes, seed):
    """Start values and one gradient per step for each named shape. Gradients shrink and grow from step to step, so that
    the moments matter; the last steps are small, so that eps does."""
    generator = torch.Generator().manual_seed(seed)
    params = {name: draw(shape, generator) for name, shape in shapes.items()}
    scales = [1.0, 0.1, 3.0, 0.5, 1.0, 1e-3, 0.2, 1e-4, 2.0, 1e-5]
    gradients = [{name: draw(shape, generator, scale) for name, shape in shapes.items()} for scale in scales]
    return params, gradients


def plain(tensors):
    return {name: value.tolist() for name, value in tensors.items()}


def follow(make, params, gradients, lrs=None):
    """Parameters after each step."""
    live = {name: value.clone().requires_grad_() for name, value in params.items()}
    optimizer = make(live)
    after = []
    for step, gradient in enumerate(gradients):
        for group in optimizer.param_groups:
            group["lr"] = lrs[step] if lrs else group["lr"]
        for name, value in live.items():
            value.grad = gradient[name].clone()
        optimizer.step()
        after.append(plain({name: value.detach() for name, value in live.items()}))
    return after, optimizer, live


def differs(a, b, name, by=1e-4):
    """A fixture must be able to fail: an option that changes nothing proves nothing."""
    x, y = (torch.tensor(value[-1][name]) for value in (a, b))
    change = float((x - y).abs().max() / y.abs().max())
    assert change > by, f"{name}: the option moves the parameters by {change} only"


def adamw():
    shapes = {"matrix": [6, 4], "vector": [5]}
    params, gradients = drawn(shapes, seed=11)
    cases = {}
    lrs = [0.01 * (step + 1) / STEPS for step in range(STEPS)]
    options = {
        "plain": dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0),
        "decay": dict(lr=0.01, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.5),
        "largeEps": dict(lr=0.01, betas=(0.9, 0.999), eps=1e-2, weight_decay=0.1),
        "changingRate": dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
    }
    for name, option in options.items():
        changing = lrs if name == "changingRate" else None
        after, optimizer, live = follow(lambda live: torch.optim.AdamW(live.values(), **option, foreach=False), params, gradients, changing)
        fused, _, _ = follow(lambda live: torch.optim.AdamW(live.values(), **option, fused=True), params, gradients, changing)
        for key in shapes:
            x, y = (torch.tensor(steps[-1][key]) for steps in (after, fused))
            assert (x - y).abs().max() / y.abs().max() < 1e-6, "fused and plain AdamW differ"
        state = {key: {k: v.tolist() for k, v in optimizer.state[value].items() if k != "step"} for key, value in live.items()}
        cases[name] = {"options": option | {"betas": list(option["betas"])}, "lrs": changing, "after": after, "stateAtEnd": state}
    for other in ["decay", "largeEps", "changingRate"]:
        differs(cases[other]["after"], cases["plain"]["after"], "matrix")
    write_json(FOLDER / "adamw.json", {
        "madeBy": "golden/scripts/optimizers.py", "madeWith": made_with(),
        "optimizer": "torch.optim.AdamW (decoupled decay; the update is divided by sqrt(v / (1 - beta2^t)) + eps)",
        "start": plain(params), "gradients": [plain(g) for g in gradients], "cases": cases,
    })


def muon():
    shapes = {"tall": [12, 5], "wide": [5, 12], "square": [8, 8]}
    params, gradients = drawn(shapes, seed=12)
    defaults = dict(lr=0.05, weight_decay=0.1, momentum=0.95, nesterov=True, eps=1e-7, ns_steps=5, adjust_lr_fn="original")
    options = {
        "original": defaults,
        "matchRmsAdamw": defaults | dict(adjust_lr_fn="match_rms_adamw"),
        "noNesterov": defaults | dict(nesterov=False),
        "noDecay": defaults | dict(weight_decay=0.0),
        "threeIterations": defaults | dict(ns_steps=3),
    }
    cases = {}
    to_bfloat16 = torch.Tensor.bfloat16
    for name, option in options.items():
        after, optimizer, live = follow(lambda live: torch.optim.Muon(live.values(), **option), params, gradients)
        # The same with the iteration in float32: free of bfloat16's rounding, it can be compared tightly on any machine.
        torch.Tensor.bfloat16 = lambda self, *_, **__: self.float().clone()
        try:
            exact, _, _ = follow(lambda live: torch.optim.Muon(live.values(), **option), params, gradients)
        finally:
            torch.Tensor.bfloat16 = to_bfloat16
        cases[name] = {
            "options": option,
            "after": [after[step - 1] for step in MUON_KEPT], "afterFloat32": [exact[step - 1] for step in MUON_KEPT],
            "momentumAtEnd": plain({key: optimizer.state[value]["momentum_buffer"] for key, value in live.items()}),
        }
    for other in list(options)[1:]:
        differs(cases[other]["afterFloat32"], cases["original"]["afterFloat32"], "tall")
    write_json(FOLDER / "muon.json", {
        "madeBy": "golden/scripts/optimizers.py", "madeWith": made_with(),
        "optimizer": "torch.optim.Muon: buf.lerp_(g, 1 - momentum); nesterov: g.lerp(buf, momentum); Newton-Schulz in bfloat16 "
                     "(afterFloat32: in float32); p *= 1 - lr * decay; p -= adjusted lr * update",
        "keptAfterSteps": MUON_KEPT, "coefficients": [3.4445, -4.7750, 2.0315],
        "adjust": {"original": "lr * sqrt(max(1, rows / columns))", "match_rms_adamw": "lr * 0.2 * sqrt(max(rows, columns))"},
        "start": plain(params), "gradients": [plain(g) for g in gradients], "cases": cases,
    })


def schedules():
    """Factor on the rate at each of 20 steps: transformers' get_scheduler. With warm-up the first step has factor 0."""
    cases = []
    for kind in ["constant", "constant_with_warmup", "linear", "cosine"]:
        for warmup in [0] if kind == "constant" else [0, 1, 5]:
            for steps in [20]:
                parameter = torch.zeros(1, requires_grad=True)
                optimizer = torch.optim.SGD([parameter], lr=1.0)
                schedule = get_scheduler(kind, optimizer, num_warmup_steps=warmup, num_training_steps=steps)
                factors = []
                for _ in range(steps):
                    factors.append(schedule.get_last_lr()[0])
                    optimizer.step()
                    schedule.step()
                cases.append({"kind": kind, "warmup": warmup, "steps": steps, "factors": factors, "afterTheLast": schedule.get_last_lr()[0]})
    write_json(FOLDER / "schedules.json", {
        "madeBy": "golden/scripts/optimizers.py", "madeWith": made_with("transformers"), "schedules": cases,
    })


def clipping():
    """torch.nn.utils.clip_grad_norm_: the norm before clipping and the gradients after; the factor is min(1, max / (norm + 1e-6))."""
    generator = torch.Generator().manual_seed(13)
    gradients = {"matrix": draw([3, 4], generator), "vector": draw([5], generator)}
    cases = []
    for largest in [0.5, 2.0, 100.0]:
        live = {name: torch.zeros_like(value).requires_grad_() for name, value in gradients.items()}
        for name, value in live.items():
            value.grad = gradients[name].clone()
        norm = torch.nn.utils.clip_grad_norm_(live.values(), largest)
        cases.append({"maxNorm": largest, "norm": norm.item(), "after": plain({name: value.grad for name, value in live.items()})})
    assert [case["norm"] > case["maxNorm"] for case in cases] == [True, True, False]
    write_json(FOLDER / "clip.json", {
        "madeBy": "golden/scripts/optimizers.py", "madeWith": made_with(), "gradients": plain(gradients), "cases": cases,
    })


if __name__ == "__main__":
    adamw()
    muon()
    schedules()
    clipping()
