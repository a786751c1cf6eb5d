"""The first 12 losses and gradient norms of TRL's GKDTrainer (lambda 0) in float32, with one thing switched off at a time, and its loss by itself.

    python golden/scripts/distill_trajectories.py [--quick]

Writes golden/distill/gkd.json. The teacher is models/babyllama-361-chat, the student its two lower blocks; the sequences are those of
sft/babyllama-361-chat.unpacked.json with loss on assistant tokens, so that rows are of unequal length. One run for each divergence, forward
KL (beta 0) also with 4 micro-batches. `terms` holds `generalized_jsd_loss` of given logits for each token, with its gradient, at other
temperatures too, which GKDTrainer itself does not pass on. It fails where sft_trajectories.py would: a counter-curve or the curve of another
divergence within ten times the tolerance, clipping that is not active, a loss that does not fall by a fifth, rounding above half the tolerance.
With --quick only the curves themselves are made.
"""
import json
import logging
import shutil
import sys
import tempfile
import warnings

from fixture_files import OUT, made_with, write_json

import torch
from datasets import Dataset, disable_progress_bars
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.trainer_callback import PrinterCallback
from trl.experimental.gkd import GKDConfig, GKDTrainer

disable_progress_bars()
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

STEPS, BATCH, LAYERS, TOLERANCE, NORM_TOLERANCE = 12, 8, 2, 2e-5, 1e-3
MODEL, ROWS = "babyllama-361-chat", "sft/babyllama-361-chat.unpacked.json"
SPEC = dict(lr=2e-3, warmup=3, schedule="cosine", weightDecay=1.0, clip=0.5, maxTokens=256)
RUNS = [dict(beta=0.0, accumulate=1), dict(beta=0.0, accumulate=4), dict(beta=1.0, accumulate=1), dict(beta=0.3, accumulate=1)]
COUNTERS = {
    "noWeightDecay": dict(weightDecay=0.0),
    "noWarmup": dict(warmup=0),
    "constantAfterWarmup": dict(schedule="constant_with_warmup"),
    "noClipping": dict(clip=0.0),
}


def sequences():
    fixture = json.loads((OUT / ROWS).read_text())
    made = []
    for row, spans in zip(fixture["rows"][:STEPS * BATCH], fixture["trained"]["assistant"]):
        labels = [-100] * len(row["ids"])
        for start, end in spans:
            labels[start:end] = row["ids"][start:end]
        made.append({"input_ids": row["ids"], "labels": labels})
    return made


def collate(rows):
    """Padding on the right, as sft_trajectories.py has it: rows stay at the positions they have alone."""
    longest = max(len(row["input_ids"]) for row in rows)
    padded = lambda key, fill: torch.tensor([row[key] + [fill] * (longest - len(row[key])) for row in rows])
    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
    return {"input_ids": padded("input_ids", 0), "labels": padded("labels", -100), "attention_mask": mask}


class Watched(GKDTrainer):
    def __init__(self, *args, **kwargs):
        self.targets, self.logged = [], []
        super().__init__(*args, **kwargs)

    def training_step(self, model, inputs, num_items_in_batch=None):
        self.targets.append(int(num_items_in_batch))
        return super().training_step(model, inputs, num_items_in_batch)

    def log(self, logs, *args, **kwargs):
        self.logged.append(dict(logs))
        super().log(logs, *args, **kwargs)


def student(attention):
    model = AutoModelForCausalLM.from_pretrained(OUT / "models" / MODEL, dtype=torch.float32, attn_implementation=attention)
    model.model.layers = model.model.layers[:LAYERS]
    model.config.num_hidden_layers = LAYERS
    return model


def train(rows, beta, accumulate, attention="sdpa", **changed):
    spec, scratch = {**SPEC, **changed}, tempfile.mkdtemp(prefix="golden-distill-")
    folder = OUT / "models" / MODEL
    args = GKDConfig(
        output_dir=scratch, use_cpu=True, bf16=False, fp16=False, max_steps=STEPS, per_device_train_batch_size=BATCH // accumulate,
        gradient_accumulation_steps=accumulate, learning_rate=spec["lr"], lr_scheduler_type=spec["schedule"], warmup_steps=spec["warmup"],
        weight_decay=spec["weightDecay"], max_grad_norm=spec["clip"], gradient_checkpointing=False, logging_steps=1, save_strategy="no",
        report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential", max_length=spec["maxTokens"],
        lmbda=0.0, beta=beta, temperature=1.0, seq_kd=False,
    )
    teacher = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    trainer = Watched(model=student(attention), teacher_model=teacher, args=args, train_dataset=Dataset.from_list(rows),
                      processing_class=AutoTokenizer.from_pretrained(folder), data_collator=collate)
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    shutil.rmtree(scratch)
    steps = [logs for logs in trainer.logged if "loss" in logs]
    assert len(steps) == STEPS
    return {
        "losses": [logs["loss"] for logs in steps],
        "gradNorms": [float(logs["grad_norm"]) for logs in steps],
        "targets": trainer.targets[::accumulate],
    }


def largest_difference(a, b, key="losses"):
    return max(abs(x - y) / abs(y) for x, y in zip(a[key], b[key]))


def one_run(rows, choice, one_batch, quick):
    base = train(rows, **choice)
    if quick:
        return {**choice, **base}
    other = one_batch or train(rows, **choice, attention="eager")
    noise, norm_noise = largest_difference(other, base), largest_difference(other, base, "gradNorms")
    counters = {}
    if choice["accumulate"] == 1:
        for name, change in COUNTERS.items():
            counters[name] = {"losses": train(rows, **choice, **change)["losses"]}
            counters[name]["largestDifference"] = largest_difference(counters[name], base)
    clipped, fall = sum(norm > SPEC["clip"] for norm in base["gradNorms"]), base["losses"][-1] / base["losses"][0]
    print(f"{choice}: {base['losses'][0]:.4f} -> {base['losses'][-1]:.4f}  norms {min(base['gradNorms']):.2f}-{max(base['gradNorms']):.2f} "
          f"clipped {clipped}  rounding {noise:.1e} norms {norm_noise:.1e}\n   "
          + "  ".join(f"{name} {c['largestDifference']:.1e}" for name, c in counters.items()), flush=True)
    failures = [f"{name} differs by {c['largestDifference']} only" for name, c in counters.items() if c["largestDifference"] < 10 * TOLERANCE]
    failures += [f"the loss falls to {fall:.2f} of the first only"] if fall > 0.8 else []
    failures += [f"{clipped} of {STEPS} steps are clipped"] if clipped < STEPS * 0.75 else []
    failures += [f"rounding moves a loss by {noise}"] if noise > TOLERANCE / 2 else []
    failures += [f"rounding moves a norm by {norm_noise}"] if norm_noise > NORM_TOLERANCE / 2 else []
    assert not failures, failures
    compared = "the run with one micro-batch" if one_batch else "eager attention"
    return {**choice, **base, "rounding": {"comparedWith": compared, "largestDifference": noise, "largestNormDifference": norm_noise},
            "counterCurves": counters}


def terms():
    """Each token's loss and the gradient of their sum, in float32, of logits that are given."""
    torch.manual_seed(3)
    logits, teacher = 3 * torch.randn(4, 9), 3 * torch.randn(4, 9)
    made = {"student": logits.tolist(), "teacher": teacher.tolist(), "cases": []}
    for beta in [0.0, 0.1, 0.5, 0.9, 1.0]:
        for temperature in [0.5, 1.0, 2.0]:
            leaf = logits.clone().requires_grad_(True)
            values = GKDTrainer.generalized_jsd_loss(leaf[None], teacher[None], beta=beta, temperature=temperature, reduction="none")
            values.sum().backward()
            made["cases"].append({"beta": beta, "temperature": temperature, "values": values[0].sum(-1).tolist(), "gradient": leaf.grad.tolist()})
    return made


if __name__ == "__main__":
    quick, rows, runs = "--quick" in sys.argv, sequences(), []
    for choice in RUNS:
        one_batch = next((run for run in runs if run["beta"] == choice["beta"]), None)
        runs.append(one_run(rows, choice, one_batch, quick))
    firsts = [run["losses"][0] for run in runs if run["accumulate"] == 1]
    assert all(abs(a / b - 1) > 10 * TOLERANCE for i, a in enumerate(firsts) for b in firsts[:i]), firsts
    write_json(OUT / "distill" / "gkd.json", {
        "madeBy": "golden/scripts/distill_trajectories.py", "madeWith": made_with("transformers", "trl", "accelerate", "datasets", "tokenizers"),
        "teacher": f"golden/models/{MODEL}", "studentLayers": LAYERS, "rows": f"golden/{ROWS}",
        "spec": {**SPEC, "steps": STEPS, "batch": BATCH, "dtype": "float32", "attention": "sdpa", "seed": 0, "order": "file"},
        "tolerance": {"loss": TOLERANCE, "firstNorm": 1e-5, "norm": NORM_TOLERANCE}, "runs": runs, "terms": terms(),
    })
