"""What PyTorch reaches when babyllama-361 learns real data: the reference for the studies babyllama-sft and babyllama-pretrain.

    python golden/scripts/babyllama_learn.py [sft] [pretrain]        (both by default; about half an hour on a busy core)

Plain loop, float32: AdamW (rate 1e-3 constant, no warm-up, betas 0.9 and 0.999, eps 1e-8, no decay), gradient norm clipped to
1, 16 rows a step, loss of a step = sum over its targets / number of its targets. Rows of a step are right-padded.

sft       rows of instruction.jsonl that fit 256 tokens, rendered by babyllama-361-chat's template; targets: answer tokens and
          </s>; the last 100 of them are held out. 200 steps.
pretrain  files of pratham_books_en in name order, README.md left out; a file is <s> text </s>, cut into pieces of at most 256
          tokens (pieces of one token are left out); a piece is a row and every next token a target; the last tenth of the files
          is held out. 150 steps.

Rows come in the order of one permutation after another, without gap: torch.randperm of a generator seeded with the seed; the
orders are in golden/learn/<name>-orders.json. Held-out loss = mean over all targets of all held-out rows, in nats.
"""
import hashlib
import sys
import time

from fixture_files import OUT, SHARED, made_with, read_rows, write_json

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from instruction_rows import CONTEXT, render

SEEDS, BATCH, RATE, CLIP, HELD_OUT_ROWS = [0, 1, 2], 16, 1e-3, 1.0, 100
RANDOM_SEEDS = {"sft": SEEDS, "pretrain": SEEDS[:1]}  # the arm that starts from random weights is only a control
STEPS = {"sft": 200, "pretrain": 150}
EVERY = 50
CHAT = OUT / "models/babyllama-361-chat"


def sft_rows(tokenizer):
    """(ids, is target) of each row that fits, in file order."""
    rows = [(row["index"], *render(tokenizer, row)) for row in read_rows(OUT / "learn/instruction.jsonl")]
    kept = [(index, ids, mask) for index, ids, mask in rows if len(ids) <= CONTEXT]
    about = {
        "data": "golden/learn/instruction.jsonl", "train": [index for index, *_ in kept[:-HELD_OUT_ROWS]],
        "heldOut": [index for index, *_ in kept[-HELD_OUT_ROWS:]],
    }
    rows = [(ids, mask) for _, ids, mask in kept]
    return rows[:-HELD_OUT_ROWS], rows[-HELD_OUT_ROWS:], about


def pieces_of(tokenizer, files):
    rows = []
    for file in files:
        ids = tokenizer(file.read_text(encoding="utf-8"))["input_ids"] + [tokenizer.eos_token_id]
        pieces = [ids[start:start + CONTEXT] for start in range(0, len(ids), CONTEXT)]
        rows += [(piece, [1] * len(piece)) for piece in pieces if len(piece) > 1]
    return rows


def pretrain_rows(tokenizer):
    folder = SHARED / "data/pratham_books_en"
    files = sorted(file for file in folder.glob("*.md") if file.name != "README.md")
    held = len(files) // 10
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    train, held_out = pieces_of(tokenizer, files[:-held]), pieces_of(tokenizer, files[-held:])
    about = {
        "data": "pratham_books_en (CC BY 4.0, Pratham Books; not in this repository)", "sha256OfAllFiles": digest,
        "trainFiles": [file.name for file in files[:-held]], "heldOutFiles": [file.name for file in files[-held:]],
        "trainPieces": len(train), "heldOutPieces": len(held_out),
    }
    return train, held_out, about


def order_of(seed, rows, steps):
    """Row numbers of all steps, one after the other."""
    generator, order = torch.Generator().manual_seed(seed), []
    while len(order) < steps * BATCH:
        order += torch.randperm(rows, generator=generator).tolist()
    return order[:steps * BATCH]


def nll(model, rows):
    """Sum over the targets of the rows, and their number. Padding is on the right: causal attention never sees it."""
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([row + [0] * (width - len(row)) for row, _ in rows])
    target = torch.tensor([mask + [0] * (width - len(mask)) for _, mask in rows])[:, 1:].bool()
    logits = model(ids).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits[target], ids[:, 1:][target], reduction="sum"), int(target.sum())


@torch.no_grad()
def held_out_loss(model, rows):
    parts = [nll(model, rows[start:start + BATCH]) for start in range(0, len(rows), BATCH)]
    return sum(float(total) for total, _ in parts) / sum(count for _, count in parts)


def learn(model, train, held_out, order, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, foreach=True)
    losses, held, started = [], {0: held_out_loss(model, held_out)}, time.perf_counter()
    for step in range(steps):
        total, count = nll(model, [train[i] for i in order[step * BATCH:(step + 1) * BATCH]])
        loss = total / count
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % EVERY == 0:
            held[step + 1] = held_out_loss(model, held_out)
    print(f"  {held}  ({time.perf_counter() - started:.0f} s)", flush=True)
    return {"heldOut": {str(step): loss for step, loss in held.items()}, "end": held[steps], "trainLosses": losses}


def model_of(kind, seed):
    if kind == "pretrained":
        return AutoModelForCausalLM.from_pretrained(CHAT, dtype=torch.float32, attn_implementation="sdpa")
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(CHAT), dtype=torch.float32, attn_implementation="sdpa")


def study(name):
    tokenizer = AutoTokenizer.from_pretrained(CHAT)
    train, held_out, about = {"sft": sft_rows, "pretrain": pretrain_rows}[name](tokenizer)
    steps, orders, arms = STEPS[name], {}, {}
    print(f"{name}: {len(train)} rows, {len(held_out)} held out", flush=True)
    for kind in ["pretrained", "random"]:
        runs = []
        for seed in SEEDS if kind == "pretrained" else RANDOM_SEEDS[name]:
            orders[str(seed)] = order_of(seed, len(train), steps)
            print(f"  {kind}, seed {seed}", flush=True)
            runs.append({"seed": seed, **learn(model_of(kind, seed), train, held_out, orders[str(seed)], steps)})
        arms[kind] = {"runs": runs, "meanEnd": sum(run["end"] for run in runs) / len(runs)}
    start, end = arms["pretrained"]["runs"][0]["heldOut"]["0"], arms["pretrained"]["meanEnd"]
    gap = arms["random"]["meanEnd"] - end
    print(f"{name}: {start:.4f} -> {end:.4f}; from random weights {end + gap:.4f}", flush=True)
    assert name != "sft" or start - end > 1.5, f"the held-out loss falls by {start - end} only"
    assert name != "sft" or gap >= 0.3, f"random weights end {gap} higher only"
    write_json(OUT / f"learn/{name}.json", {
        "madeBy": "golden/scripts/babyllama_learn.py", "madeWith": made_with("transformers", "tokenizers"),
        "model": "golden/models/babyllama-361-chat", **about,
        "spec": {
            "steps": steps, "batch": BATCH, "lr": RATE, "schedule": "constant", "warmup": 0, "clip": CLIP, "dtype": "float32",
            "optimizer": {"kind": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0}, "seeds": SEEDS, "maxTokens": CONTEXT,
            "randomWeights": "transformers' initialization (std 0.02, norms 1) after torch.manual_seed(seed)",
        },
        "start": start, "arms": arms,
    })
    # Row numbers (of the kept training rows), step by step; the same for both arms.
    write_json(OUT / f"learn/{name}-orders.json", {"batch": BATCH, "orders": orders})


if __name__ == "__main__":
    for name in sys.argv[1:] or list(STEPS):
        study(name)
