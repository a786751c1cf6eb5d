"""The two pretrained checkpoints: copies, full logits, every parameter's gradient, greedy text.

    python golden/scripts/checkpoints.py

Writes golden/models/<name>/: the Hugging Face folder as it lies in the shared data, fixture.json, logits.safetensors,
gradients.safetensors; and golden/models/babyllama-361-chat/: the same model with a chat template and a pad token.
"""
import json
import shutil

from fixture_files import GOLDEN, OUT, SHARED, made_with, write_json, write_tensors

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

COPIED = ["config.json", "generation_config.json", "golden.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
GREEDY_TOKENS = 64
TIE = 1e-3  # greedy tokens are only comparable where the two best logits are further apart

# One character is one token and the context is 256, so the frame is short. Kept on one line: no whitespace control to port.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}A: {% generation %}{{ message['content'] }}{{ eos_token }}{% endgeneration %}"
    "{% elif message['role'] == 'user' %}Q: {{ message['content'] }}\n"
    "{% else %}{{ message['content'] }}\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}A: {% endif %}"
)


def mean_nll(model, ids):
    """Mean over next-token targets, in nats. ids: [1, T]."""
    logits = model(ids).logits
    return torch.nn.functional.cross_entropy(logits[0, :-1], ids[0, 1:]), logits[0]


@torch.no_grad()
def greedy(model, prompt, count):
    """Greedy tokens with the gap between the two best logits at each step; the whole prefix is computed each time."""
    ids, gaps = list(prompt), []
    for _ in range(count):
        best = model(torch.tensor([ids])).logits[0, -1].topk(2)
        ids.append(int(best.indices[0]))
        gaps.append(float(best.values[0] - best.values[1]))
    return ids[len(prompt):], gaps


def copy_checkpoint(name):
    folder = OUT / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    shared, committed = SHARED / "data/models" / name / "hf", GOLDEN / "models" / name
    source = shared if shared.exists() else committed  # without the shared data, the committed copy is remade from itself
    for file in COPIED if source != folder else []:
        shutil.copyfile(source / file, folder / file)
    return folder


def fixture(name, gradient_text):
    folder = copy_checkpoint(name)
    known = json.loads((folder / "golden.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts, logits = [], {}
    for i, text in enumerate(known["texts"]):
        ids = tokenizer(text["text"])["input_ids"]
        assert ids == text["ids"], f"{name}: text {i} is tokenized differently from golden.json"
        with torch.no_grad():
            loss, logits[f"text{i}"] = mean_nll(model, torch.tensor([ids]))
        assert abs(loss.item() - text["mean_nll"]) < 1e-4, f"{name}: mean NLL {loss.item()} is not golden.json's {text['mean_nll']}"
        texts.append({"text": text["text"], "ids": ids, "meanNll": loss.item(), "logits": f"text{i}"})
    loss, _ = mean_nll(model, torch.tensor([texts[gradient_text]["ids"]]))
    loss.backward()
    gradients = {key: value.grad for key, value in model.named_parameters()}
    prompt = tokenizer("Once upon a time")["input_ids"]
    tokens, gaps = greedy(model, prompt, GREEDY_TOKENS)
    write_json(folder / "fixture.json", {
        "madeBy": "golden/scripts/checkpoints.py",
        "madeWith": made_with("transformers", "tokenizers"),
        "attention": "sdpa",
        "dtype": "float32",
        "texts": texts,
        "gradients": {"file": "gradients.safetensors", "of": "mean NLL over next-token targets", "text": gradient_text, "loss": loss.item()},
        "logits": {"file": "logits.safetensors", "shape": "[T, V]"},
        "greedy": {
            "prompt": prompt, "tokens": tokens, "gaps": gaps, "text": tokenizer.decode(tokens),
            "ties": [i for i, gap in enumerate(gaps) if gap < TIE],
        },
    })
    write_tensors(folder / "logits.safetensors", logits)
    write_tensors(folder / "gradients.safetensors", gradients)
    print(name, "loss", loss.item(), "smallest gap", min(gaps), repr(tokenizer.decode(tokens)))


def chat_folder():
    """babyllama-361 with a template and a pad token. <unk> serves as pad (every byte has a token, so <unk> never occurs
    in text): no id is added and the weights stay as they are. The weights are a link to babyllama-361's."""
    source, folder = OUT / "models/babyllama-361", OUT / "models/babyllama-361-chat"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ["generation_config.json", "tokenizer.json"]:
        shutil.copyfile(source / file, folder / file)
    config = json.loads((source / "config.json").read_text())
    write_json(folder / "config.json", {**config, "pad_token_id": 0})
    settings = json.loads((source / "tokenizer_config.json").read_text())
    write_json(folder / "tokenizer_config.json", {**settings, "pad_token": "<unk>"})
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    weights = folder / "model.safetensors"
    weights.unlink(missing_ok=True)
    weights.symlink_to("../babyllama-361/model.safetensors")


if __name__ == "__main__":
    fixture("babyllama-361", gradient_text=1)
    fixture("stories260K", gradient_text=1)
    chat_folder()
