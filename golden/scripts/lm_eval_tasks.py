"""Asks a model folder lm-evaluation-harness's own tasks on local files, for comparison with the program that has the same tasks.

    python golden/scripts/lm_eval_tasks.py MODEL DATA OUT [--tasks mmlu,bbq] [--answer-room 32] [--answers ANSWERS]

DATA holds the files of `posttrain eval --data`, one entry by the name of the data: gsm8k.jsonl, mmlu/, … (see TASKS). Every row is
asked. The configurations are those of the installed lm-eval, but for where data and shots come from, and how long an answer may be.
Writes {madeWith, tasks: {name: [{context, continuations, logps, greedy, answer, scores}]}, figures: {name: {metric: value}}}; items in the order
of the documents, `logps` in nats. The model is lm-eval's transformers backend as it comes.
With --answers, a JSON file {task: [[text of the first try, …] for each document]}, no model is asked: `scores` is a list, one for each text.

Needs lm-eval 0.4.13 and what its tasks import, beside torch and transformers. Computed in float32 on one thread.
"""
import argparse
import csv
import json
import math
import tempfile
from pathlib import Path

from fixture_files import made_with

import torch
from lm_eval.api.model import LM
from lm_eval.api.task import ConfigurableTask
from lm_eval.evaluator import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

SHOTS = 5


def jsonl(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").split("\n") if line.strip()]


def tsv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def gsm8k(data):
    rows = jsonl(data / "gsm8k.jsonl")
    return [("gsm8k", rows[SHOTS:], rows[:SHOTS])]


def mmlu(data):
    def rows(path):
        with open(path, encoding="utf-8", newline="") as file:
            return [
                {"question": line[0], "choices": line[1:5], "answer": "ABCD".index(line[5])} for line in csv.reader(file)
            ]

    subjects = sorted(path.name.removesuffix("_val.csv") for path in (data / "mmlu" / "val").glob("*_val.csv"))
    return [
        (f"mmlu_{name}", rows(data / f"mmlu/val/{name}_val.csv"), rows(data / f"mmlu/dev/{name}_dev.csv")[:SHOTS])
        for name in subjects
    ]


def truthfulqa(task):
    def listed(text):
        return [part.strip() for part in text.split(";") if part.strip()]

    def targets(right, wrong):
        return {"choices": right + wrong, "labels": [1] * len(right) + [0] * len(wrong)}

    def read(data):
        rows = [
            {
                "question": row["Question"].strip(),
                "mc1_targets": targets(listed(row["Best Answer"]), listed(row["Incorrect Answers"])),
                "mc2_targets": targets(listed(row["Correct Answers"]), listed(row["Incorrect Answers"])),
            }
            for row in jsonl(data / "truthfulqa.jsonl")
        ]
        return [(task, rows, None)]

    return read


def ifeval(data):
    return [("ifeval", [{"key": row["id"], **row} for row in jsonl(data / "ifeval.jsonl")], None)]


def bbq(data):
    keys = ["category", "question_polarity", "context_condition", "context", "question", "ans0", "ans1", "ans2", "answer_info", "label", "example_id"]
    rows = [row for path in sorted((data / "bbq").glob("*.jsonl")) for row in jsonl(path)]
    metadata = [{"stereotyped_groups": row["additional_metadata"]["stereotyped_groups"]} for row in rows]
    return [("bbq", [{key: row[key] for key in keys} | {"additional_metadata": m} for row, m in zip(rows, metadata)], None)]


def commonsense_qa(data):
    rows = [
        {"question": row["question"], "choices": {"text": row["choices"]}, "answerKey": "ABCDE"[row["answer"]]}
        for row in jsonl(data / "commonsense_qa.jsonl")
    ]
    return [("commonsense_qa", rows, None)]


def plain(task, file):
    return lambda data: [(task, jsonl(data / file), None)]


def crows_pairs(data):
    # The published file has a column without a name, which an empty doc_to_text would be taken for.
    return [("crows_pairs_english", [{k: v for k, v in row.items() if k} for row in jsonl(data / "crows_pairs.jsonl")], None)]


def legalbench(name):
    def read(data):
        rows = [{"text": row["text"], "answer": row["label"]} for row in tsv(data / f"legalbench/{name}/test.tsv")]
        shots = [{"text": row["text"], "answer": row["answer"]} for row in tsv(data / f"legalbench/{name}/train.tsv")]
        return [(f"legalbench_{name}", rows, shots[:SHOTS])]

    return read


TASKS = {
    "gsm8k": gsm8k,
    "mmlu": mmlu,
    "truthfulqa/mc1": truthfulqa("truthfulqa_mc1"),
    "truthfulqa/mc2": truthfulqa("truthfulqa_mc2"),
    "ifeval": ifeval,
    "bbq": bbq,
    "crows_pairs": crows_pairs,
    "pubmedqa": plain("pubmedqa", "pubmedqa.jsonl"),
    "commonsense_qa": commonsense_qa,
    "legalbench/abercrombie": legalbench("abercrombie"),
    "legalbench/proa": legalbench("proa"),
    # The task of lm-eval that judges texts as they are; wikitext and c4 rewrite them first.
    "bits_per_byte": plain("pile_10k", "text.jsonl"),
}
# Shots do not fit a small model's context, and an answer that is cut differently is no comparison.
WITHOUT_SHOTS = {"gsm8k", "legalbench/abercrombie", "legalbench/proa"}


def build(manager, folder, name, rows, shots, room):
    """lm-eval's own task, its data from files."""
    config = load_yaml(manager.task_index[name].yaml_path)
    files = {"test": str(folder / f"{name}.json")}
    Path(files["test"]).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    if shots is not None:
        files["shots"] = str(folder / f"{name}.shots.json")
        Path(files["shots"]).write_text("\n".join(map(json.dumps, shots)), encoding="utf-8")
    config |= {
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": files, "cache_dir": str(folder)},
        "training_split": None,
        "validation_split": None,
        "test_split": "test",
        "fewshot_split": "shots" if shots is not None else None,
        "num_fewshot": len(shots or []),
        "fewshot_config": {"sampler": "first_n"},
    }
    if config["output_type"] == "generate_until":
        config["generation_kwargs"] = config["generation_kwargs"] | {"max_gen_toks": room}
    for key in ("include", "tag", "task_alias"):
        config.pop(key, None)
    return ConfigurableTask(config=config)


class Canned(LM):
    """Gives answers that are already there, by document."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def generate_until(self, requests, disable_tqdm=False):
        return [self.answers[request.doc_id] for request in requests]

    def loglikelihood(self, requests, disable_tqdm=False):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests, disable_tqdm=False):
        raise NotImplementedError


def plain_numbers(value):
    if isinstance(value, (list, tuple)):
        return [plain_numbers(one) for one in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value  # JSON has no NaN


def ask(lm, task):
    """Items in the order of documents, and the figures."""
    results = simple_evaluate(model=lm, tasks=[task], bootstrap_iters=0, log_samples=True, batch_size=None)
    name = task.config.task
    items = {}
    for sample in results["samples"][name]:
        arguments = sample["arguments"]
        item = items.setdefault(sample["doc_id"], {"context": arguments[0][0], "scores": {}})
        responses = [response[0] for response in sample["resps"]]
        if task.OUTPUT_TYPE == "multiple_choice":
            item["continuations"] = [argument[1] for argument in arguments]
            item["logps"], item["greedy"] = [float(r[0]) for r in responses], [str(r[1]) == "True" for r in responses]
        elif task.OUTPUT_TYPE == "loglikelihood_rolling":
            item["logps"] = [float(responses[0])]
        else:
            item["answer"] = responses[0]
        suffix = "" if sample["filter"] == "none" else f",{sample['filter']}"
        item["scores"] |= {f"{metric}{suffix}": plain_numbers(sample[metric]) for metric in sample["metrics"]}
    figures = {key: plain_numbers(value) for key, value in results["results"][name].items() if isinstance(value, (int, float))}
    return [items[i] for i in sorted(items)], figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--answer-room", type=int, default=32)
    parser.add_argument("--answers", type=Path)
    options = parser.parse_args()
    manager = TaskManager()
    canned = json.loads(options.answers.read_text(encoding="utf-8")) if options.answers else None
    model = None if canned else HFLM(pretrained=options.model, device="cpu", dtype="float32", batch_size=8)
    out = {"madeWith": made_with("lm-eval", "transformers", "datasets"), "tasks": {}, "figures": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.tasks.split(","):
            out["tasks"][name] = []
            for part, rows, shots in TASKS[name](options.data):
                shots = None if name in WITHOUT_SHOTS else shots
                task = build(manager, Path(folder), part, rows, shots, options.answer_room)
                if canned is not None:
                    tries = [ask(Canned(answers), task)[0] for answers in zip(*canned[name])]
                    items = [{"scores": [one["scores"] for one in same]} for same in zip(*tries)]
                else:
                    items, figures = ask(model, task)
                    out["figures"].setdefault(name, {})[part] = figures
                out["tasks"][name] += items
    options.out.write_text(json.dumps(out, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
