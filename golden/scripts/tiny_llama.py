"""Tiny random Llamas, each with a feature that a wrong implementation would miss.

    python golden/scripts/tiny_llama.py

Writes golden/tiny/<variant>/: a Hugging Face folder (without a tokenizer), fixture.json (ids, loss, greedy tokens) and
tensors.safetensors (logits.row0 … [T, V]; gradient.<parameter> of the mean NLL over all next-token targets of all rows).
Norm weights differ from 1 and biases from 0; kv heads < heads; head_dim differs from hidden_size / heads.
"""
import json
import shutil

from fixture_files import OUT, made_with, write_json, write_tensors

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

BASE = dict(
    vocab_size=128, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, head_dim=16, max_position_embeddings=128, rms_norm_eps=1e-5,
    bos_token_id=None, eos_token_id=None, pad_token_id=None,
)
# Original length 32: of the 8 frequencies the first is kept, the second is blended and the others are divided by 8, and
# rows run past position 32.
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
VARIANTS = {
    "untied": dict(tie_word_embeddings=False, num_hidden_layers=3),
    "tied": dict(tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=500.0)),
    "llama3-rope": dict(tie_word_embeddings=False, rope_parameters=LLAMA3),
    "biases": dict(tie_word_embeddings=True, attention_bias=True, mlp_bias=True, num_key_value_heads=1),
}
ROW_LENGTHS = [50, 7, 23]  # unequal; the first passes the llama3 variant's original length
GREEDY_PROMPT, GREEDY_TOKENS, TIE = 5, 20, 1e-3
INIT_STD = 0.25  # large enough that the logits are spread and greedy tokens are not ties


def build(variant, seed):
    torch.manual_seed(seed)
    model = LlamaForCausalLM(LlamaConfig(**{**BASE, **VARIANTS[variant]}, attn_implementation="sdpa")).float().eval()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(1 + 0.3 * noise if "norm" in name else INIT_STD * noise)
    return model


def batch(seed):
    generator = torch.Generator().manual_seed(seed + 2)
    return [torch.randint(0, BASE["vocab_size"], (n,), generator=generator).tolist() for n in ROW_LENGTHS]


def forward(model, rows):
    """Logits of each row [T, V] and the mean NLL over all next-token targets of all rows, in nats."""
    logits = [model(torch.tensor([row])).logits[0] for row in rows]
    targets = sum(len(row) - 1 for row in rows)
    nll = sum(torch.nn.functional.cross_entropy(x[:-1], torch.tensor(row[1:]), reduction="sum") for x, row in zip(logits, rows))
    return logits, nll / targets


@torch.no_grad()
def greedy(model, prompt):
    ids, gaps = list(prompt), []
    for _ in range(GREEDY_TOKENS):
        best = model(torch.tensor([ids])).logits[0, -1].topk(2)
        ids.append(int(best.indices[0]))
        gaps.append(float(best.values[0] - best.values[1]))
    return {"prompt": prompt, "tokens": ids[len(prompt):], "gaps": gaps, "ties": [i for i, gap in enumerate(gaps) if gap < TIE]}


def write_fixture(folder, model, rows, note, gradients=True):
    logits, loss = forward(model, rows)
    tensors = {f"logits.row{i}": x for i, x in enumerate(logits)}
    if gradients:
        loss.backward()
        tensors |= {f"gradient.{name}": value.grad for name, value in model.named_parameters()}
        flat = [name for name, value in model.named_parameters() if value.grad.abs().max() < 1e-6]
        # A key bias shifts all scores of a query alike only without rotary embedding; with it, every parameter has a gradient.
        assert not flat, f"{folder.name}: no gradient reaches {flat}"
    write_json(folder / "fixture.json", {
        "madeBy": "golden/scripts/tiny_llama.py", "madeWith": made_with("transformers"), "note": note,
        "attention": "sdpa", "dtype": "float32", "rows": rows, "targets": sum(len(r) - 1 for r in rows),
        "loss": loss.item(), "tensors": "tensors.safetensors", "greedy": greedy(model, rows[0][:GREEDY_PROMPT]),
    })
    write_tensors(folder / "tensors.safetensors", tensors)
    print(f"{folder.name:12} loss {loss.item():.6f} parameters {sum(p.numel() for p in model.parameters())}")


def save(model, folder, **how):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, **how)
    for file in folder.iterdir():
        file.chmod(0o644)


def variants():
    for seed, variant in enumerate(VARIANTS):
        model, rows = build(variant, 100 * seed), batch(100 * seed)
        folder = OUT / "tiny" / variant
        save(model, folder)
        again = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
        write_fixture(folder, again, rows, json.dumps(VARIANTS[variant]))


def sharded():
    """The llama3-rope model in several files, with the config keys of transformers 4 (rope_theta, rope_scaling, torch_dtype)."""
    seed = 100 * list(VARIANTS).index("llama3-rope")
    model, rows, folder = build("llama3-rope", seed), batch(seed), OUT / "tiny/sharded"
    save(model, folder, max_shard_size="40KB")
    files = sorted(folder.glob("model-*.safetensors"))
    assert len(files) >= 3, f"{len(files)} shards"
    config = json.loads((folder / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config |= {"rope_theta": rope.pop("rope_theta"), "rope_scaling": rope, "torch_dtype": config.pop("dtype")}
    write_json(folder / "config.json", config)
    again = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    write_fixture(folder, again, rows, f"llama3-rope in {len(files)} shards; config as transformers 4 wrote it", gradients=False)
    one, many = load_file(OUT / "tiny/llama3-rope/tensors.safetensors"), load_file(folder / "tensors.safetensors")
    assert all(torch.equal(one[key], many[key]) for key in many), "the sharded model is another model"


def bfloat16():
    """The tied model stored in bfloat16, computed in float32 from those values."""
    seed = 100 * list(VARIANTS).index("tied")
    model, rows, folder = build("tied", seed).bfloat16(), batch(seed), OUT / "tiny/bf16-file"
    save(model, folder)
    again = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    write_fixture(folder, again, rows, "tied, stored in bfloat16, computed in float32", gradients=False)


@torch.no_grad()
def features_matter():
    """Each feature, switched off, moves the logits by far more than the tolerance of 1e-5."""
    seed = 100 * list(VARIANTS).index("llama3-rope")
    model, rows = build("llama3-rope", seed), batch(seed)
    with_scaling, _ = forward(model, rows)
    plain = LlamaForCausalLM(LlamaConfig(**{**BASE, "tie_word_embeddings": False}, attn_implementation="sdpa")).eval()
    plain.load_state_dict(model.state_dict())
    without, _ = forward(plain, rows)
    change = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(with_scaling, without))
    assert change > 1e-3, f"rope scaling moves the logits by {change}"


if __name__ == "__main__":
    variants()
    sharded()
    bfloat16()
    features_matter()
