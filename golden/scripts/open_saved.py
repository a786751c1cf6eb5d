"""Opens saved folders in transformers, for comparison with the program that saved them.

    python golden/scripts/open_saved.py FOLDER... [--ids 1,2,3] [--prompt 1,2,3] [--tokens 20]

Prints one line of JSON: {"madeWith": {…}, "folders": [{folder, modelType, parameters, missing, unexpected, ids, logits [T][V],
prompt, greedy, gaps, textIds, chatIds}]}. Without --ids, the ids of a fixed sentence (or of the first tokens of the vocabulary,
where the folder has no tokenizer). Computed in float32. Exits with 1 when a folder does not open or lacks a weight.
"""
import argparse
import json
import sys
from pathlib import Path

from fixture_files import made_with

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

SENTENCE = "Once upon a time, there was a little girl named Lily."


def numbers(text):
    return [int(part) for part in text.replace(",", " ").split()]


@torch.no_grad()
def greedy(model, prompt, count):
    """With the KV cache, as generate() has it; stops at nothing."""
    ids, gaps, out, cache = torch.tensor([prompt]), [], [], None
    for _ in range(count):
        step = model(ids, past_key_values=cache, use_cache=True)
        cache, best = step.past_key_values, step.logits[0, -1].topk(2)
        out.append(int(best.indices[0]))
        gaps.append(float(best.values[0] - best.values[1]))
        ids = best.indices[:1][None]
    return out, gaps


def opened(folder, wanted):
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa", output_loading_info=True)
    model.eval()
    missing, unexpected = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    has_tokenizer = (Path(folder) / "tokenizer.json").exists()
    tokenizer = AutoTokenizer.from_pretrained(folder) if has_tokenizer else None
    ids = wanted.ids or (tokenizer(SENTENCE)["input_ids"] if tokenizer else list(range(min(8, model.config.vocab_size))))
    prompt = wanted.prompt or ids[:5]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    tokens, gaps = greedy(model, prompt, wanted.tokens)
    chat = None
    if tokenizer is not None and tokenizer.chat_template:
        chat = tokenizer.apply_chat_template([{"role": "user", "content": SENTENCE}], add_generation_prompt=True, tokenize=True, return_dict=True)["input_ids"]
    return {
        "folder": str(folder), "modelType": model.config.model_type, "parameters": sum(p.numel() for p in model.parameters()),
        "missing": missing, "unexpected": unexpected, "ids": ids, "logits": logits.tolist(), "prompt": prompt, "greedy": tokens, "gaps": gaps,
        "textIds": tokenizer(SENTENCE)["input_ids"] if tokenizer else None, "chatIds": chat,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--ids", type=numbers)
    parser.add_argument("--prompt", type=numbers)
    parser.add_argument("--tokens", type=int, default=20)
    wanted = parser.parse_args()
    results = [opened(folder, wanted) for folder in wanted.folders]
    print(json.dumps({"madeWith": made_with("transformers"), "folders": results}))
    lacking = [f"{r['folder']}: {r['missing']}" for r in results if r["missing"]]
    if lacking:
        sys.exit("weights are missing in " + "; ".join(lacking))
