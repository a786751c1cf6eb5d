"""The first 20 losses and gradient norms of TRL's SFTTrainer in float32, and the same with one thing switched off at a time.

    python golden/scripts/sft_trajectories.py [--quick] [MODEL.LAYOUT ...]   (babyllama-361-chat.packed, tiny-bpe.unpacked, …; all by default)

Writes golden/sft/<model>.<layout>.json with four runs each (loss on all tokens and on assistant tokens; 1 and 4 micro-batches),
the peer's own rows or packs, and for each run the counter-curves. It fails if a counter-curve is within ten times the tolerance
of the curve, if clipping is not active, if the loss does not fall by a fifth, or if rounding (eager attention; 4 micro-batches
for 1) moves a curve by half the tolerance. With --quick only the curves themselves are made (for `parity.mjs`, never to be committed).
"""
import logging
import shutil
import sys
import tempfile
import warnings

from fixture_files import OUT, made_with, read_rows, write_json

import torch
from datasets import Dataset, disable_progress_bars
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.trainer_callback import PrinterCallback
from trl import SFTConfig, SFTTrainer

disable_progress_bars()
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

STEPS, BATCH, TOLERANCE, NORM_TOLERANCE = 20, 8, 2e-5, 1e-3
SPECS = {
    "babyllama-361-chat": dict(lr=1e-3, warmup=4, schedule="cosine", weightDecay=1.0, clip=0.5, maxTokens={"unpacked": 256, "packed": 224},
                               longestRow={"unpacked": 256, "packed": 128}),  # so that every pack holds two or three conversations
    "tiny-bpe": dict(lr=8e-3, warmup=4, schedule="cosine", weightDecay=0.5, clip=0.5, maxTokens={"unpacked": 144, "packed": 144},
                     longestRow={"unpacked": 144, "packed": 144}),
}
BASELINE = {}
COUNTERS = {
    "noWeightDecay": dict(weightDecay=0.0),
    "noWarmup": dict(warmup=0),
    "constantAfterWarmup": dict(schedule="constant_with_warmup"),
    "noClipping": dict(clip=0.0),
    "decayOnNormsAndBiases": dict(decayAll=True),
}


class Watched(SFTTrainer):
    """SFTTrainer that keeps each micro-batch as the collator made it, the divisor of its loss, and what is logged."""

    decay_all = mean_of_means = no_boundaries = False

    def __init__(self, *args, **kwargs):
        self.seen, self.logged = [], []
        super().__init__(*args, **kwargs)

    def get_decay_parameter_names(self, model):
        return [name for name, _ in model.named_parameters()] if self.decay_all else super().get_decay_parameter_names(model)

    def training_step(self, model, inputs, num_items_in_batch=None):
        kept = {key: inputs[key].clone() for key in ["input_ids", "labels", "position_ids", "attention_mask"] if key in inputs}
        self.seen.append({**kept, "targets": None if num_items_in_batch is None else int(num_items_in_batch)})
        if self.no_boundaries:  # one long document: attention and positions run across the documents of all packs
            length = inputs["input_ids"].size(1)
            inputs["position_ids"] = torch.arange(length)[None]
            for key in ["cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k", "seq_idx"]:
                inputs.pop(key, None)
        return super().training_step(model, inputs, num_items_in_batch)

    def log(self, logs, *args, **kwargs):
        self.logged.append(dict(logs))
        super().log(logs, *args, **kwargs)


def train(model_name, packed, loss, accumulate, rows, *, attention="sdpa", meanOfMeans=False, noBoundaries=False,
          decayAll=False, **changed):
    """One run of 20 steps; returns the trainer after it."""
    spec = {**SPECS[model_name], **changed}
    folder, scratch = OUT / "models" / model_name, tempfile.mkdtemp(prefix="golden-sft-")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention)
    args = SFTConfig(
        output_dir=scratch, use_cpu=True, bf16=False, fp16=False, max_steps=STEPS, per_device_train_batch_size=BATCH // accumulate,
        gradient_accumulation_steps=accumulate, learning_rate=spec["lr"], lr_scheduler_type=spec["schedule"],
        warmup_steps=spec["warmup"], weight_decay=spec["weightDecay"], max_grad_norm=spec["clip"], gradient_checkpointing=False,
        logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential",
        # Best-fit packing puts long rows first, and those are the easy ones: shuffled, the loss of the steps can be compared.
        max_length=spec["maxTokens"]["packed" if packed else "unpacked"], packing=packed, shuffle_dataset=packed, assistant_only_loss=loss == "assistant",
    )
    # Only the columns TRL documents: a further column would go through its preparation too.
    data = Dataset.from_list([{"messages": row["messages"]} for row in rows])
    Watched.decay_all = decayAll
    trainer = Watched(model=model, args=args, train_dataset=data, processing_class=AutoTokenizer.from_pretrained(folder))
    trainer.remove_callback(PrinterCallback)
    trainer.no_boundaries = noBoundaries
    if meanOfMeans:
        trainer.model_accepts_loss_kwargs = False  # each micro-batch divides by its own tokens, then by their number
    trainer.train()
    shutil.rmtree(scratch)
    return trainer


def curve(trainer):
    steps = [logs for logs in trainer.logged if "loss" in logs]
    assert len(steps) == STEPS
    return {
        "losses": [logs["loss"] for logs in steps],
        "gradNorms": [float(logs["grad_norm"]) for logs in steps],
        "learningRates": [logs["learning_rate"] for logs in steps],
    }


def largest_difference(a, b):
    """Relative, over the losses of all steps."""
    return max(abs(x - y) / abs(y) for x, y in zip(a["losses"], b["losses"]))


def spans(flags):
    """[start, end) of each run of true values."""
    edges = [i for i in range(len(flags) + 1) if (i > 0 and flags[i - 1]) != (i < len(flags) and flags[i])]
    return [list(pair) for pair in zip(edges[::2], edges[1::2])]


def rows_seen(trainer, packed):
    """The rows (or packs) of all steps in order, as the collator made them: ids, document lengths, positions with a label."""
    dataset, rows = trainer.train_dataset, []
    if packed:
        for batch in trainer.seen:
            ids, labels, positions = (batch[key][0].tolist() for key in ["input_ids", "labels", "position_ids"])
            start = 0
            while start < len(ids):
                lengths = dataset[len(rows)]["seq_lengths"]
                end = start + sum(lengths)
                assert ids[start:end] == dataset[len(rows)]["input_ids"]
                assert positions[start:end] == [i for n in lengths for i in range(n)]
                assert all(label in (-100, token) for label, token in zip(labels[start:end], ids[start:end]))
                rows.append({"ids": ids[start:end], "documents": lengths, "trained": spans([label != -100 for label in labels[start:end]])})
                start = end
    else:
        for batch in trainer.seen:
            for ids, labels, mask in zip(*(batch[key].tolist() for key in ["input_ids", "labels", "attention_mask"])):
                length = sum(mask)
                assert mask == [1] * length + [0] * (len(ids) - length), "padding is on the right"
                assert all(label == -100 for label in labels[length:])
                assert all(label in (-100, token) for label, token in zip(labels[:length], ids[:length]))
                rows.append({"ids": ids[:length], "documents": [length], "trained": spans([label != -100 for label in labels[:length]])})
    return rows


def ids_of(tokenizer, row):
    return tokenizer.apply_chat_template(row["messages"], tokenize=True, return_dict=True)["input_ids"]


def lines_of(rows, tokenizer, packed_rows):
    """The line in rows.jsonl of each document of each row."""
    where = {}
    for line, row in enumerate(rows):
        where.setdefault(tuple(ids_of(tokenizer, row)), []).append(line)
    found = []
    for row in packed_rows:
        start, lines = 0, []
        for length in row["documents"]:
            lines.append(where[tuple(row["ids"][start:start + length])].pop(0))
            start += length
        found.append(lines)
    return found


def optimizer_of(trainer):
    groups = trainer.optimizer.param_groups
    names = {id(value): name for name, value in trainer.model.named_parameters()}
    inner = trainer.optimizer.optimizer
    return {
        "class": f"{type(inner).__module__}.{type(inner).__name__}", "name": str(trainer.args.optim.value),
        "betas": list(groups[0]["betas"]), "eps": groups[0]["eps"], "fused": bool(groups[0]["fused"]),
        "withoutDecay": [names[id(value)] for group in groups if group["weight_decay"] == 0 for value in group["params"]],
    }


def counter_curves(model_name, packed, loss, accumulate, rows, base):
    """Weight decay and the rest act alike whatever the accumulation, so with several micro-batches only their own trap is run."""
    changes = {"meanOfMicroBatchMeans": dict(meanOfMeans=True)} if accumulate > 1 else dict(COUNTERS)
    if packed and accumulate == 1:
        changes["attentionAcrossDocuments"] = dict(noBoundaries=True)
    counters = {}
    for name, change in changes.items():
        counters[name] = curve(train(model_name, packed, loss, accumulate, rows, **change))
        counters[name]["largestDifference"] = largest_difference(counters[name], base)
    return counters


def one_run(model_name, packed, loss, accumulate, rows, one_batch, quick):
    """one_batch: the run of the same loss with one micro-batch, or None where this is it."""
    trainer = train(model_name, packed, loss, accumulate, rows)
    base, spec = curve(trainer), SPECS[model_name]
    run = {"loss": loss, "accumulate": accumulate, **base, "targets": [batch["targets"] for batch in trainer.seen[::accumulate]]}
    if quick:
        return trainer, run
    # Two computations that are equal but for rounding: they bound what a correct program may differ by.
    other = one_batch or curve(train(model_name, packed, loss, accumulate, rows, attention="eager"))
    noise = largest_difference(other, base)
    norm_noise = max(abs(x - y) / y for x, y in zip(other["gradNorms"], base["gradNorms"]))
    counters = counter_curves(model_name, packed, loss, accumulate, rows, base)
    clipped = sum(norm > spec["clip"] for norm in base["gradNorms"])
    fall = base["losses"][-1] / base["losses"][0]
    print(f"{model_name:19} {'packed' if packed else 'unpacked':8} {loss:9} x{accumulate}: {base['losses'][0]:.4f} -> {base['losses'][-1]:.4f}"
          f"  norms {min(base['gradNorms']):.2f}-{max(base['gradNorms']):.2f} clipped {clipped}  rounding {noise:.1e} norms {norm_noise:.1e}\n"
          + "   " + "  ".join(f"{name} {c['largestDifference']:.1e}" for name, c in counters.items()), flush=True)
    failures = [f"{name} differs by {c['largestDifference']} only" for name, c in counters.items() if c["largestDifference"] < 10 * TOLERANCE]
    failures += [f"the loss falls to {fall:.2f} of the first only"] if fall > 0.8 else []
    failures += [f"{clipped} of {STEPS} steps are clipped"] if clipped < STEPS * 0.75 else []
    failures += [f"rounding moves a loss by {noise}"] if noise > TOLERANCE / 2 else []
    failures += [f"rounding moves a norm by {norm_noise}"] if norm_noise > NORM_TOLERANCE / 2 else []
    assert not failures, failures
    compared = "the run with one micro-batch" if one_batch else "eager attention"
    run["rounding"] = {"comparedWith": compared, "largestDifference": noise, "largestNormDifference": norm_noise}
    return trainer, {**run, "counterCurves": counters}


def fixture(model_name, packed, quick):
    spec, layout = SPECS[model_name], "packed" if packed else "unpacked"
    spec = {**spec, "maxTokens": spec["maxTokens"][layout], "longestRow": spec["longestRow"][layout]}
    tokenizer = AutoTokenizer.from_pretrained(OUT / "models" / model_name)
    every = read_rows(OUT / "sft/rows.jsonl")
    # TRL cuts a row that is too long, in silence; here none is.
    rows = [row for row in every if len(ids_of(tokenizer, row)) <= spec["longestRow"]]
    runs, kept, trained = [], None, {}
    for loss in ["full", "assistant"]:
        for accumulate in [1, 4]:
            one_batch = next((run for run in runs if run["loss"] == loss), None)
            trainer, run = one_run(model_name, packed, loss, accumulate, rows, one_batch, quick)
            seen = rows_seen(trainer, packed)
            assert len(seen) == STEPS * BATCH, f"{len(seen)} rows: the data does not fill one epoch"
            bare = [{"ids": row["ids"], "documents": row["documents"]} for row in seen]
            assert kept in (None, bare), "the rows depend on the loss or on accumulation"
            kept, marks = bare, [row["trained"] for row in seen]
            assert trained.setdefault(loss, marks) == marks
            optimizer = optimizer_of(trainer)
            runs.append(run)
    write_json(OUT / "sft" / f"{model_name}.{layout}.json", {
        "madeBy": "golden/scripts/sft_trajectories.py", "madeWith": made_with("transformers", "trl", "accelerate", "datasets", "tokenizers"),
        "model": f"golden/models/{model_name}", "data": "golden/sft/rows.jsonl", "packed": packed,
        "spec": {**spec, "steps": STEPS, "batch": BATCH, "dtype": "float32", "attention": "sdpa", "seed": 0, "order": "TRL's shuffle" if packed else "file"},
        "optimizer": optimizer,
        "tolerance": {"loss": TOLERANCE, "firstNorm": 1e-5, "norm": NORM_TOLERANCE},
        # Step s trains rows 8 s … 8 s + 7; with 4 micro-batches, rows 8 s + 2 m and 8 s + 2 m + 1 are micro-batch m.
        "rows": kept, "lines": lines_of(every, tokenizer, kept), "trained": trained, "runs": runs,
    })


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    names = [name for name in sys.argv[1:] if name != "--quick"] or [f"{model}.{layout}" for model in SPECS for layout in ["unpacked", "packed"]]
    for name in names:
        model_name, _, layout = name.rpartition(".")
        fixture(model_name, layout == "packed", quick)
