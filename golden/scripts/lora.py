"""LoRA by PEFT: folders as it writes them with the logits it computes, the logits of a folder as this package writes one, and
20 steps of TRL's SFTTrainer with a peft_config.

    python golden/scripts/lora.py [--quick]

Writes golden/lora/peft/<case>/ (adapter_config.json, adapter_model.safetensors), golden/lora/logits.safetensors, golden/lora/fixture.json,
and golden/lora/sft.<layout>.json with the adapter that both runs begin with in golden/lora/start. golden/lora/ours comes from own_adapter.mjs.
Curves are held to the same conditions as in sft_trajectories.py. With --quick counter-curves are left out.
"""
import json
import shutil
import sys
import tempfile

from fixture_files import GOLDEN, OUT, made_with, read_rows, write_json, write_tensors
from sft_trajectories import BATCH, NORM_TOLERANCE, SPECS, STEPS, TOLERANCE, Watched, curve, ids_of, largest_difference, optimizer_of, rows_seen

import torch
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.trainer_callback import PrinterCallback
from trl import SFTConfig

BASE = "models/tiny-bpe"
IDS = [1, 40, 7, 300, 511, 12, 99, 5, 260, 33]
CASES = {
    "list": dict(r=3, lora_alpha=7, target_modules=["q_proj", "up_proj"]),
    "regex-rslora": dict(r=2, lora_alpha=3, target_modules=r"model\.layers\.\d+\.(self_attn\.[ov]_proj|mlp\.gate_proj)", use_rslora=True),
    "all-linear": dict(r=2, lora_alpha=4, target_modules="all-linear", lora_dropout=0.1),
    "excluded": dict(r=2, lora_alpha=4, target_modules=["q_proj", "k_proj"], layers_to_transform=[1]),
}
MODEL = "babyllama-361-chat"
RUNS = {
    "packed": dict(loss="full", accumulate=1, lr=3e-3, weightDecay=1.0),
    "unpacked": dict(loss="assistant", accumulate=4, lr=3e-3, weightDecay=1.0),
}
LORA = dict(r=4, lora_alpha=8, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")


def base_model(name):
    return AutoModelForCausalLM.from_pretrained(OUT / name, dtype=torch.float32, attn_implementation="sdpa").eval()


def save_adapter(model, folder, base):
    """As save_pretrained has it, without the model card, the base by a name that means the same elsewhere."""
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = base
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # a set: its order changes from run to run
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "adapter_model.safetensors").chmod(0o644)


@torch.no_grad()
def logits_of(model):
    return model(torch.tensor([IDS])).logits[0]


def folders():
    logits = {"base": logits_of(base_model(BASE))}
    for i, (name, config) in enumerate(CASES.items()):
        torch.manual_seed(i)
        model = get_peft_model(base_model(BASE), LoraConfig(task_type="CAUSAL_LM", **config)).eval()
        for key, value in model.named_parameters():
            if "lora_B" in key:
                torch.nn.init.uniform_(value, -0.2, 0.2)
        save_adapter(model, OUT / "lora/peft" / name, BASE)
        logits[f"peft/{name}"] = logits_of(model)
    ours = OUT / "lora/ours" if (OUT / "lora/ours").exists() else GOLDEN / "lora/ours"
    logits["ours"] = logits_of(PeftModel.from_pretrained(base_model(BASE), ours).eval())
    for name, value in logits.items():
        apart = ((value - logits["base"]).abs().max() / value.abs().max()).item()
        assert name == "base" or apart > 1e-2, f"{name} hardly changes the logits: {apart}"
    write_tensors(OUT / "lora/logits.safetensors", logits)
    write_json(OUT / "lora/fixture.json", {
        "madeBy": "golden/scripts/lora.py", "madeWith": made_with("transformers", "peft"), "base": f"golden/{BASE}", "ids": IDS, "folders": [n for n in logits if n != "base"],
    })


def train(layout, rows, *, start=None, **changed):
    spec = {**SPECS[MODEL], **RUNS[layout], **changed}
    packed, scratch = layout == "packed", tempfile.mkdtemp(prefix="golden-lora-")
    model = AutoModelForCausalLM.from_pretrained(OUT / "models" / MODEL, dtype=torch.float32, attn_implementation="sdpa")
    args = SFTConfig(
        output_dir=scratch, use_cpu=True, bf16=False, fp16=False, max_steps=STEPS, per_device_train_batch_size=BATCH // spec["accumulate"],
        gradient_accumulation_steps=spec["accumulate"], learning_rate=spec["lr"], lr_scheduler_type=spec["schedule"],
        warmup_steps=spec["warmup"], weight_decay=spec["weightDecay"], max_grad_norm=spec["clip"], gradient_checkpointing=False,
        logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential",
        max_length=spec["maxTokens"][layout], packing=packed, shuffle_dataset=packed, assistant_only_loss=spec["loss"] == "assistant",
    )
    torch.manual_seed(0)  # A is drawn when the trainer wraps the model
    trainer = Watched(model=model, args=args, train_dataset=Dataset.from_list([{"messages": row["messages"]} for row in rows]),
                      processing_class=AutoTokenizer.from_pretrained(OUT / "models" / MODEL), peft_config=LoraConfig(**{**LORA, **changed.get("lora", {})}))
    trainer.remove_callback(PrinterCallback)
    if start is not None:
        save_adapter(trainer.model, start, f"models/{MODEL}")
    trainer.train()
    shutil.rmtree(scratch)
    return trainer


def trajectory(layout, quick):
    spec = {**SPECS[MODEL], **RUNS[layout]}
    tokenizer = AutoTokenizer.from_pretrained(OUT / "models" / MODEL)
    rows = [row for row in read_rows(OUT / "sft/rows.jsonl") if len(ids_of(tokenizer, row)) <= spec["longestRow"][layout]]
    trainer = train(layout, rows, start=OUT / "lora/start")  # the same for every run
    base, seen = curve(trainer), rows_seen(trainer, layout == "packed")
    counters = {}
    if not quick:
        for what, change in {
            "noWeightDecay": dict(weightDecay=0.0), "noWarmup": dict(warmup=0), "constantAfterWarmup": dict(schedule="constant_with_warmup"),
            "noClipping": dict(clip=0.0), "halfTheScale": dict(lora=dict(lora_alpha=4)), "rankStabilized": dict(lora=dict(use_rslora=True)),
            "attentionAlone": dict(lora=dict(target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])),
        }.items():
            counters[what] = curve(train(layout, rows, **change))
            counters[what]["largestDifference"] = largest_difference(counters[what], base)
        clipped = sum(norm > spec["clip"] for norm in base["gradNorms"])
        fall = base["losses"][-1] / base["losses"][0]
        print(layout, f"{base['losses'][0]:.4f} -> {base['losses'][-1]:.4f} clipped {clipped}", {k: f"{c['largestDifference']:.1e}" for k, c in counters.items()}, flush=True)
        assert fall < 0.8 and clipped >= STEPS / 2, (fall, clipped)
        assert all(c["largestDifference"] >= 10 * TOLERANCE for c in counters.values())
    write_json(OUT / "lora" / f"sft.{layout}.json", {
        "madeBy": "golden/scripts/lora.py", "madeWith": made_with("transformers", "trl", "peft", "accelerate", "datasets", "tokenizers"),
        "model": f"golden/models/{MODEL}", "start": "golden/lora/start", "data": "golden/sft/rows.jsonl",
        "packed": layout == "packed",
        "spec": {**{key: spec[key] for key in ["loss", "accumulate", "lr", "warmup", "schedule", "weightDecay", "clip"]}, "steps": STEPS, "batch": BATCH, "dtype": "float32"},
        "lora": {"rank": LORA["r"], "alpha": LORA["lora_alpha"], "targets": LORA["target_modules"]}, "optimizer": optimizer_of(trainer),
        "tolerance": {"loss": TOLERANCE, "firstNorm": 1e-5, "norm": NORM_TOLERANCE},
        "rows": seen, **base, "targets": [batch["targets"] for batch in trainer.seen[::spec["accumulate"]]], "counterCurves": counters,
    })


if __name__ == "__main__":
    folders()
    for layout in RUNS:
        trajectory(layout, "--quick" in sys.argv)
