"""The first 20 losses and gradient norms of TRL's DPOTrainer, KTOTrainer and RewardTrainer in float32, with counter-curves.

    python golden/scripts/preference_trajectories.py [--quick] [RUN ...]    (dpo.sigmoid, kto, reward, …; all by default)

Writes golden/preference/rows.jsonl (pairs: the answer to the row's own instruction is chosen, that of another one rejected), template.jinja
(tiny-bpe's, without the line end after an answer, so that what both sides learn is the same tokens) and <run>.json. It fails if a
counter-curve is within ten times the tolerance, if clipping is not active, if the loss does not fall by a fifth, or if rounding (eager
attention) moves a curve by half the tolerance. The adapter that dpo.lora begins with comes from own_adapter.mjs.
"""
import logging
import shutil
import sys
import tempfile
import warnings

from fixture_files import OUT, made_with, read_rows, write_json, write_rows

import torch
from peft import PeftModel
from datasets import Dataset, disable_progress_bars
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
from transformers.trainer_callback import PrinterCallback
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, RewardConfig, RewardTrainer

disable_progress_bars()
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

STEPS, BATCH, TOLERANCE, NORM_TOLERANCE, LONGEST = 20, 8, 2e-5, 1e-3, 112
MODEL = "tiny-bpe"
PAIRS = 16  # few, so that a random model learns them in 20 steps
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}{% else %}{{ message['content'] }}<|im_end|>\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
METRICS = ["rewards/chosen", "rewards/rejected", "rewards/margins", "logps/chosen", "logps/rejected", "kl", "accuracy", "margin"]
COMMON = dict(lr=4e-3, warmup=4, schedule="cosine", weightDecay=0.5, clip=0.5, accumulate=1)
DPO = dict(COMMON, method="dpo", lr=1.5e-3, loss="sigmoid", beta=0.1, labelSmoothing=0.0)
RUNS = {
    "dpo.sigmoid": dict(DPO, clip=0.2),
    "dpo.sigmoid.x4": dict(DPO, clip=0.2, accumulate=4),
    "dpo.ipo": dict(DPO, loss="ipo", beta=0.2, clip=2.0),
    "dpo.robust": dict(DPO, loss="robust", labelSmoothing=0.1, clip=0.2),
    "dpo.sigmoid_norm": dict(DPO, loss="sigmoid_norm", beta=1.0, clip=0.2),
    "dpo.lora": dict(DPO, lr=6e-3, clip=0.2, lora=True),
    "kto": dict(COMMON, method="kto", lr=2e-3, beta=0.1, desirableWeight=1.5, undesirableWeight=1.0, clip=0.1),
    "kto.x2": dict(COMMON, method="kto", lr=2e-3, beta=0.1, desirableWeight=1.5, undesirableWeight=1.0, clip=0.1, accumulate=2),
    "reward": dict(COMMON, method="reward", centring=0.01, lr=2.5e-3, clip=0.1),
}
COUNTERS = {
    "noWeightDecay": dict(weightDecay=0.0),
    "noWarmup": dict(warmup=0),
    "constantAfterWarmup": dict(schedule="constant_with_warmup"),
    "noClipping": dict(clip=0.0),
}
OWN_COUNTERS = {
    "dpo": {"otherBeta": lambda spec: dict(beta=spec["beta"] * 1.1)},
    "kto": {"otherBeta": lambda spec: dict(beta=spec["beta"] * 1.1), "equalWeights": lambda spec: dict(desirableWeight=1.0)},
    "reward": {"noCentring": lambda spec: dict(centring=None), "noMargin": lambda spec: dict(margins=False)},
}


def tokenizer_of():
    tokenizer = AutoTokenizer.from_pretrained(OUT / "models" / MODEL)
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_rows(tokenizer):
    """Pairs that fit; the rejected answer is that of the next instruction."""
    rows = read_rows(OUT / "sft/rows.jsonl")
    pairs = []
    for row, other in zip(rows, rows[1:]):
        (user, chosen), rejected = row["messages"], other["messages"][-1]
        longest = max(len(tokenizer.apply_chat_template([user, answer], tokenize=True, return_dict=True)["input_ids"]) for answer in [chosen, rejected])
        if longest <= LONGEST and chosen["content"] != rejected["content"]:
            pairs.append({"prompt": [user], "chosen": [chosen], "rejected": [rejected], "margin": round(0.05 * (len(pairs) % 5), 2)})
    return pairs[:PAIRS]


def data_for(spec, pairs):
    if spec["method"] == "dpo":
        return [{key: pair[key] for key in ["prompt", "chosen", "rejected"]} for pair in pairs] * (STEPS * BATCH // PAIRS)
    if spec["method"] == "reward":
        keys = ["prompt", "chosen", "rejected"] + (["margin"] if spec.get("margins", True) else [])
        return [{key: pair[key] for key in keys} for pair in pairs] * (STEPS * BATCH // PAIRS)
    # Eight answers, the same in every step, so that the neighbours whose answers TRL mixes up for its KL term are those of the file.
    return [
        {"prompt": pair["prompt"], "completion": pair["chosen" if i % 3 else "rejected"], "label": i % 3 != 0} for i, pair in enumerate(pairs[:BATCH])
    ]


def train(spec, pairs, attention="sdpa"):
    folder, scratch = OUT / "models" / MODEL, tempfile.mkdtemp(prefix="golden-preference-")
    shared = dict(
        output_dir=scratch, use_cpu=True, bf16=False, fp16=False, max_steps=STEPS, per_device_train_batch_size=BATCH // spec["accumulate"],
        gradient_accumulation_steps=spec["accumulate"], learning_rate=spec["lr"], lr_scheduler_type=spec["schedule"], warmup_steps=spec["warmup"],
        weight_decay=spec["weightDecay"], max_grad_norm=spec["clip"], gradient_checkpointing=False, logging_steps=1, save_strategy="no",
        report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential", max_length=512,
    )
    kind = AutoModelForSequenceClassification if spec["method"] == "reward" else AutoModelForCausalLM
    more = dict(num_labels=1) if spec["method"] == "reward" else {}
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention, **more)
    if spec["method"] == "reward":
        torch.nn.init.zeros_(model.score.weight)
        args, trainer_class = RewardConfig(**shared, center_rewards_coefficient=spec["centring"]), RewardTrainer
    elif spec["method"] == "kto":
        args = KTOConfig(**shared, beta=spec["beta"], desirable_weight=spec["desirableWeight"], undesirable_weight=spec["undesirableWeight"])
        trainer_class = KTOTrainer
    else:
        args = DPOConfig(**shared, beta=spec["beta"], loss_type=[spec["loss"]], label_smoothing=spec["labelSmoothing"])
        trainer_class = DPOTrainer
    if spec.get("lora"):  # the adapter as our own run draws it; TRL takes the frozen base as the reference
        model = PeftModel.from_pretrained(model, OUT / "preference/lora-start", is_trainable=True)
    trainer = trainer_class(model=model, args=args, train_dataset=Dataset.from_list(data_for(spec, pairs)), processing_class=tokenizer_of())
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    shutil.rmtree(scratch)
    steps = [logs for logs in trainer.state.log_history if "loss" in logs]
    assert len(steps) == STEPS
    watched_metrics = [key for key in METRICS if key in steps[0]]
    return {
        "losses": [logs["loss"] for logs in steps],
        "gradNorms": [float(logs["grad_norm"]) for logs in steps],
        "metrics": {key: [logs.get(key) for logs in steps] for key in watched_metrics},
    }


def largest_difference(a, b):
    return max(abs(x - y) / abs(y) for x, y in zip(a["losses"], b["losses"]))


def fixture(name, pairs, quick):
    spec = RUNS[name]
    base = train(spec, pairs)
    run = dict(base)
    if not quick:
        other = train(spec, pairs, attention="eager")
        noise = largest_difference(other, base)
        norm_noise = max(abs(x - y) / y for x, y in zip(other["gradNorms"], base["gradNorms"]))
        changes = {**COUNTERS, **{key: change(spec) for key, change in OWN_COUNTERS[spec["method"]].items()}}
        counters = {}
        for key, change in changes.items():
            counters[key] = {"losses": train({**spec, **change}, pairs)["losses"]}
            counters[key]["largestDifference"] = largest_difference(counters[key], base)
        clipped = sum(norm > spec["clip"] for norm in base["gradNorms"])
        fall = base["losses"][-1] / base["losses"][0]
        print(f"{name:17} {base['losses'][0]:.4f} -> {base['losses'][-1]:.4f}  norms {min(base['gradNorms']):.3f}-{max(base['gradNorms']):.3f} clipped {clipped}"
              f"  rounding {noise:.1e} norms {norm_noise:.1e}\n   " + "  ".join(f"{key} {c['largestDifference']:.1e}" for key, c in counters.items()), flush=True)
        failures = [f"{key} differs by {c['largestDifference']} only" for key, c in counters.items() if c["largestDifference"] < 10 * TOLERANCE]
        failures += [f"the loss falls to {fall:.2f} of the first only"] if fall > 0.8 else []
        failures += [f"{clipped} of {STEPS} steps are clipped"] if clipped < STEPS / 2 else []
        failures += [f"rounding moves a loss by {noise}"] if noise > TOLERANCE / 2 else []
        failures += [f"rounding moves a norm by {norm_noise}"] if norm_noise > NORM_TOLERANCE / 2 else []
        assert not failures, (name, failures)
        run = {**run, "rounding": {"comparedWith": "eager attention", "largestDifference": noise, "largestNormDifference": norm_noise}, "counterCurves": counters}
    write_json(OUT / "preference" / f"{name}.json", {
        "madeBy": "golden/scripts/preference_trajectories.py", "madeWith": made_with("transformers", "trl", "accelerate", "datasets", "tokenizers"),
        "model": f"golden/models/{MODEL}", "data": "golden/preference/rows.jsonl",
        "spec": {**spec, "steps": STEPS, "batch": BATCH, "dtype": "float32", "attention": "sdpa", "order": "file"},
        "tolerance": {"loss": TOLERANCE, "firstNorm": 1e-5, "norm": NORM_TOLERANCE}, **run,
    })


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    pairs = make_rows(tokenizer_of())
    assert len(pairs) == PAIRS, len(pairs)
    write_rows(OUT / "preference/rows.jsonl", pairs)
    (OUT / "preference/template.jinja").write_text(TEMPLATE)
    for name in [name for name in sys.argv[1:] if name != "--quick"] or RUNS:
        fixture(name, pairs, quick)
