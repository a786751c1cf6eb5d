"""TRL's SFTTrainer, DPOTrainer or RewardTrainer on a spec file (see programs/train-steps.mjs), one optimizer step for each line of stdin."""
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback

spec = json.load(open(sys.argv[1]))
torch.set_num_threads(spec["threads"])


class Stepping(TrainerCallback):
    seen = 0.0

    def on_step_begin(self, args, state, control, **kw):
        if not sys.stdin.readline():
            os._exit(0)
        self.faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def on_step_end(self, args, state, control, **kw):
        self.seconds, self.cpu_seconds = time.perf_counter() - self.start, time.process_time() - self.cpu

    def on_log(self, args, state, control, logs=None, **kw):
        if not logs or "loss" not in logs:
            return
        tokens, self.seen = logs["num_tokens"] - self.seen, logs["num_tokens"]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"seconds": self.seconds, "cpuSeconds": self.cpu_seconds, "loss": logs["loss"], "tokens": tokens,
                          "faults": usage.ru_minflt - self.faults, "peakRss": usage.ru_maxrss * 1024}), flush=True)


model = AutoModelForCausalLM.from_pretrained(spec["model"], dtype=torch.float32)
rows = Dataset.from_list([json.loads(line) for line in open(spec["rows"])])
shared = dict(
    output_dir=os.path.join(spec["model"], "trl"), use_cpu=True, bf16=spec["precision"] == "bf16", max_steps=10_000,
    per_device_train_batch_size=spec["batch"], learning_rate=spec["lr"], lr_scheduler_type="constant", weight_decay=0.0,
    max_grad_norm=1.0, max_length=spec["maxTokens"], gradient_checkpointing=False, logging_steps=1,
    save_strategy="no", report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential",
)
lora, versions = None, {}
if "lora" in spec:
    import peft
    versions = {"peft": peft.__version__}
    lora = peft.LoraConfig(r=spec["lora"]["rank"], lora_alpha=spec["lora"]["alpha"], target_modules=spec["lora"]["targets"], task_type="CAUSAL_LM")


def as_they_are(trainer_class):
    """The trainer on rows that are tokenized already."""
    return type(trainer_class.__name__, (trainer_class,), {"_prepare_dataset": lambda self, dataset, *args, **kwargs: dataset})


method = spec.get("method", "sft")
if method == "dpo":
    # The reference's log-probabilities before the first step, as ours are; by default TRL asks it in every step.
    best = os.environ.get("PEER_BEST") == "1"
    args = trl.DPOConfig(**shared, beta=0.1, precompute_ref_log_probs=best)
    make = as_they_are(trl.DPOTrainer)
elif method == "reward-model":
    model = AutoModelForSequenceClassification.from_pretrained(spec["model"], num_labels=1, dtype=torch.float32)
    torch.nn.init.zeros_(model.score.weight)
    rows = rows.map(lambda row: {"chosen_ids": row["prompt_ids"] + row["chosen_ids"], "rejected_ids": row["prompt_ids"] + row["rejected_ids"]}, remove_columns=["prompt_ids"])
    args, make = trl.RewardConfig(**shared), as_they_are(trl.RewardTrainer)
else:
    args, make = trl.SFTConfig(**shared, packing=spec["packing"]), trl.SFTTrainer
trainer = make(model=model, args=args, train_dataset=rows, callbacks=[Stepping()], peft_config=lora,
               processing_class=AutoTokenizer.from_pretrained(spec["model"]))
print(json.dumps({"peerTorch": torch.__version__, "transformers": transformers.__version__, "trl": trl.__version__, **versions}), flush=True)
trainer.train()
