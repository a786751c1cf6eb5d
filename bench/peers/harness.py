"""lm-evaluation-harness's side of bench/harness.mjs: evaluates a workload with its transformers backend for each line on stdin.

    python harness.py MODEL DATA WORKLOAD,…

The first line on stdout is {loadSeconds, versions}; then for each {workload, batch} a line {seconds, logp}: the whole evaluation but for bootstraps,
and the sum of all log-likelihoods asked. One thread, float32.
"""
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "golden" / "scripts"))

from fixture_files import made_with  # sets one thread, no progress bars, nothing from the Hub
import torch
from lm_eval.evaluator import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval_tasks import TASKS, build, jsonl

torch.use_deterministic_algorithms(False)
logging.disable(logging.WARNING)
WORKLOADS = {
    "documents": TASKS["bits_per_byte"],
    "continuations": lambda data: [("lambada_standard", jsonl(data / "passages.jsonl"), None)],
    "questions": TASKS["bbq"],
    "choices": TASKS["truthfulqa/mc1"],
    "letters": TASKS["mmlu"],
}


def evaluate(lm, manager, tasks, batch):
    lm.batch_size_per_gpu = batch
    begun = time.perf_counter()
    samples = []
    for task in tasks:
        results = simple_evaluate(model=lm, tasks=[task], task_manager=manager, bootstrap_iters=0, log_samples=True)
        samples += results["samples"][task.config.task]
    seconds = time.perf_counter() - begun

    def logp(response):
        return float(response[0][0] if isinstance(response[0], (tuple, list)) else response[0])

    return {"seconds": seconds, "logp": sum(logp(response) for sample in samples for response in sample["resps"])}


def main():
    model, data, wanted = sys.argv[1], Path(sys.argv[2]), sys.argv[3].split(",")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # lm-eval prints too
    begun = time.perf_counter()
    lm = HFLM(pretrained=model, device="cpu", dtype="float32", batch_size=1)
    load = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as folder:
        manager = TaskManager()
        tasks = {name: [build(manager, Path(folder), part, rows, shots, 32) for part, rows, shots in WORKLOADS[name](data)] for name in wanted}
        print(json.dumps({"loadSeconds": load, "versions": made_with("lm-eval", "transformers")}), file=answers, flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(evaluate(lm, manager, tasks[asked["workload"]], asked["batch"])), file=answers, flush=True)


main()
