"""TRL's GRPOTrainer on a spec file of the study reverse-words, one seed; one JSON line with the reward of every step.

SPEC: { model, prompts, steps, batch, group, maxTokens, lr, seed, threads }; prompts: JSON lines with `prompt` and `answer`.
"""
import json
import os
import sys
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
import trl
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

spec = json.load(open(sys.argv[1]))
torch.set_num_threads(spec["threads"])
rewards, first = [], []


def common_length(a, b):
    row = [0] * (len(b) + 1)
    for word in a:
        following = [0]
        for j, other in enumerate(b):
            following.append(row[j] + 1 if word == other else max(row[j + 1], following[j]))
        row = following
    return row[-1]


def reward(prompts, completions, answer, **_):
    values = []
    for completion, right in zip(completions, answer):
        given, wanted = completion[-1]["content"].split(), right.split()
        values.append(common_length(given, wanted) / max(len(given), len(wanted)))
    if not rewards:
        for prompt, completion, value in zip(prompts, completions, values):
            first.append({"prompt": prompt[-1]["content"], "answer": completion[-1]["content"], "reward": value})
    rewards.append(sum(values) / len(values))
    return values


class Clock(TrainerCallback):
    def on_train_begin(self, *_, **__):
        self.begun = time.perf_counter()

    def on_train_end(self, *_, **__):
        self.seconds = time.perf_counter() - self.begun


clock = Clock()
rows = [json.loads(line) for line in open(spec["prompts"])]
args = trl.GRPOConfig(
    output_dir=tempfile.mkdtemp(prefix="trl-"), use_cpu=True, bf16=False, max_steps=spec["steps"], per_device_train_batch_size=spec["batch"],
    num_generations=spec["group"], max_completion_length=spec["maxTokens"], temperature=1.0, beta=0.0, loss_type="grpo", scale_rewards="group",
    learning_rate=spec["lr"], lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, gradient_checkpointing=False,
    shuffle_dataset=False, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True, seed=spec["seed"],
)
trainer = trl.GRPOTrainer(
    model=AutoModelForCausalLM.from_pretrained(spec["model"], dtype=torch.float32), args=args, reward_funcs=reward, callbacks=[clock],
    train_dataset=Dataset.from_list([{"prompt": [{"role": "user", "content": row["prompt"]}], "answer": row["answer"]} for row in rows]),
    processing_class=AutoTokenizer.from_pretrained(spec["model"]),
)
trainer.train()
versions = {"peerTorch": torch.__version__, "transformers": transformers.__version__, "trl": trl.__version__}
print(json.dumps({"rewards": rewards, "first": first, "seconds": clock.seconds, "versions": versions}))
