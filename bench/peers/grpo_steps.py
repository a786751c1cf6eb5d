"""TRL's GRPOTrainer on a spec file (see programs/train-steps.mjs), one optimizer step for each line of stdin, its generation timed apart."""
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
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

spec = json.load(open(sys.argv[1]))
torch.set_num_threads(spec["threads"])


class Stepping(TrainerCallback):
    def on_step_begin(self, args, state, control, **kw):
        if not sys.stdin.readline():
            os._exit(0)
        self.faults, self.tokens, self.rollout = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, 0, 0.0
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def on_step_end(self, args, state, control, **kw):
        self.seconds, self.cpu_seconds = time.perf_counter() - self.start, time.process_time() - self.cpu

    def on_log(self, args, state, control, logs=None, **kw):
        if not logs or "loss" not in logs:
            return
        usage = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"seconds": self.seconds, "cpuSeconds": self.cpu_seconds, "rolloutSeconds": self.rollout, "loss": logs["loss"], "tokens": self.tokens,
                          "newTokens": self.new_tokens, "faults": usage.ru_minflt - self.faults, "peakRss": usage.ru_maxrss * 1024}), flush=True)


class Timed(trl.GRPOTrainer):
    """Prompts are token ids as they are; the seconds of generation are told apart."""

    def _tokenize_prompts(self, prompts):
        return [json.loads(prompt) for prompt in prompts], None, {}

    def _generate_single_turn(self, prompt_ids, *args, **kwargs):
        begun = time.perf_counter()
        made = super()._generate_single_turn(prompt_ids, *args, **kwargs)
        stepping.rollout += time.perf_counter() - begun
        stepping.new_tokens = sum(map(len, made[0]))
        stepping.tokens = stepping.new_tokens + sum(map(len, prompt_ids))
        return made


def reward(completion_ids, **_):
    half = model.config.vocab_size / 2
    return [sum(token < half for token in ids) / len(ids) for ids in completion_ids]


stepping = Stepping()
model = AutoModelForCausalLM.from_pretrained(spec["model"], dtype=torch.float32)
args = trl.GRPOConfig(
    output_dir=os.path.join(spec["model"], "trl"), use_cpu=True, bf16=spec["precision"] == "bf16", max_steps=10_000, per_device_train_batch_size=spec["batch"],
    num_generations=spec["group"], max_completion_length=spec["newTokens"], generation_kwargs={"min_new_tokens": spec["newTokens"]}, temperature=1.0, beta=0.0,
    loss_type="grpo", learning_rate=spec["lr"], lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=1.0, gradient_checkpointing=False,
    shuffle_dataset=False, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True, seed=0,
)
rows = [{"prompt": json.dumps(json.loads(line)["prompt_ids"])} for line in open(spec["rows"])]
trainer = Timed(model=model, args=args, reward_funcs=reward, train_dataset=Dataset.from_list(rows), callbacks=[stepping],
                processing_class=AutoTokenizer.from_pretrained(spec["model"]))
print(json.dumps({"peerTorch": torch.__version__, "transformers": transformers.__version__, "trl": trl.__version__}), flush=True)
trainer.train()
