"""A tiny Llama with a score head: what transformers' sequence classification gives, and the gradients of Bradley-Terry.

    python golden/scripts/reward_model.py

Writes golden/reward/: a Hugging Face folder (LlamaForSequenceClassification, one label, without a tokenizer), fixture.json (pairs
of rows, margins, scores alone and padded) and tensors.safetensors (gradient.<parameter> of the mean loss over the pairs, with
margin and centring). The rows of a pair are of unequal length, and two of them end in tokens that also stand elsewhere.
"""
import shutil

from fixture_files import OUT, made_with, write_json, write_tensors
from tiny_llama import BASE, INIT_STD

import torch
from transformers import AutoModelForSequenceClassification, LlamaConfig, LlamaForSequenceClassification

PAD, CENTRING = 0, 0.01
LENGTHS = [(31, 9), (12, 40), (5, 6), (23, 23)]
MARGINS = [0.0, 0.5, 0.0, 1.0]


def build():
    torch.manual_seed(600)
    config = LlamaConfig(**{**BASE, "pad_token_id": PAD, "num_labels": 1, "tie_word_embeddings": False}, attn_implementation="sdpa")
    model = LlamaForSequenceClassification(config).float().eval()
    generator = torch.Generator().manual_seed(601)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(1 + 0.3 * noise if "norm" in name else INIT_STD * noise)
    return model


def rows():
    generator = torch.Generator().manual_seed(602)
    draw = lambda n: torch.randint(1, BASE["vocab_size"], (n,), generator=generator).tolist()
    return [[draw(a), draw(b)] for a, b in LENGTHS]


def losses(model, pairs):
    """-log sigmoid(chosen - rejected - margin) + c (chosen + rejected)^2, one a pair; all rows in one right-padded batch."""
    flat = [row for pair in pairs for row in pair]
    longest = max(map(len, flat))
    ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in flat])
    scores = model(ids, attention_mask=(ids != PAD).long()).logits[:, 0]
    chosen, rejected = scores[0::2], scores[1::2]
    apart = -torch.nn.functional.logsigmoid(chosen - rejected - torch.tensor(MARGINS))
    return scores, apart + CENTRING * (chosen + rejected) ** 2


if __name__ == "__main__":
    folder = OUT / "reward"
    shutil.rmtree(folder, ignore_errors=True)
    build().save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    pairs = rows()
    scores, per_pair = losses(model, pairs)
    per_pair.mean().backward()
    alone = [model(torch.tensor([row])).logits[0, 0].item() for pair in pairs for row in pair]
    padded_end = pairs[0][0] + [PAD, PAD]
    write_json(folder / "fixture.json", {
        "madeBy": "golden/scripts/reward_model.py", "madeWith": made_with("transformers"), "dtype": "float32", "pad": PAD,
        "centring": CENTRING, "margins": MARGINS, "pairs": pairs, "scores": scores.tolist(), "alone": alone,
        "endsInPads": {"row": padded_end, "score": model(torch.tensor([padded_end])).logits[0, 0].item()},
        "losses": per_pair.tolist(), "tensors": "tensors.safetensors",
    })
    write_tensors(folder / "tensors.safetensors", {f"gradient.{name}": value.grad for name, value in model.named_parameters()})
    print([round(x, 4) for x in scores.tolist()], [round(x, 4) for x in per_pair.tolist()])
