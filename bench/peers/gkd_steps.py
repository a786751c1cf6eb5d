"""TRL's GKDTrainer off-policy (lambda 0) on a spec file (see programs/train-steps.mjs), one optimizer step for each line of stdin."""
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")

import torch
import transformers
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl.experimental.gkd import GKDConfig, GKDTrainer

spec = json.load(open(sys.argv[1]))
torch.set_num_threads(spec["threads"])


class Stepping(TrainerCallback):
    tokens = 0

    def on_step_begin(self, args, state, control, **kw):
        if not sys.stdin.readline():
            os._exit(0)
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def on_step_end(self, args, state, control, **kw):
        self.seconds, self.cpu_seconds = time.perf_counter() - self.start, time.process_time() - self.cpu

    def on_log(self, args, state, control, logs=None, **kw):
        if not logs or "loss" not in logs:
            return
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"seconds": self.seconds, "cpuSeconds": self.cpu_seconds, "loss": logs["loss"], "tokens": self.tokens,
                          "peakRss": usage.ru_maxrss * 1024}), flush=True)


def collate(rows):
    longest = max(len(row["input_ids"]) for row in rows)
    padded = lambda fill, of: torch.tensor([of(row["input_ids"]) + [fill] * (longest - len(row["input_ids"])) for row in rows])
    ids, mask = padded(0, list), padded(0, lambda ids: [1] * len(ids))
    return {"input_ids": ids, "attention_mask": mask, "labels": padded(-100, list)}


class Counting(GKDTrainer):
    def training_step(self, model, inputs, num_items_in_batch=None):
        stepping.tokens = int(inputs["attention_mask"].sum())
        return super().training_step(model, inputs, num_items_in_batch)


stepping = Stepping()
model, teacher = (AutoModelForCausalLM.from_pretrained(spec[key], dtype=torch.float32) for key in ["model", "teacher"])
args = GKDConfig(
    output_dir=os.path.join(spec["model"], "trl"), use_cpu=True, bf16=spec["precision"] == "bf16", max_steps=10_000,
    per_device_train_batch_size=spec["batch"], learning_rate=spec["lr"], lr_scheduler_type="constant", weight_decay=0.0,
    max_grad_norm=1.0, max_length=spec["maxTokens"], gradient_checkpointing=False, logging_steps=1, save_strategy="no",
    report_to="none", disable_tqdm=True, seed=0, train_sampling_strategy="sequential", lmbda=0.0, beta=0.0, temperature=1.0,
)
trainer = Counting(model=model, teacher_model=teacher, args=args, train_dataset=Dataset.from_list([json.loads(line) for line in open(spec["rows"])]),
                   callbacks=[stepping], processing_class=AutoTokenizer.from_pretrained(spec["model"]), data_collator=collate)
print(json.dumps({"peerTorch": torch.__version__, "transformers": transformers.__version__, "trl": trl.__version__}), flush=True)
trainer.train()
