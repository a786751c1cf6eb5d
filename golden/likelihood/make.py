"""How lm-evaluation-harness's transformers backend, as it comes, turns text into tokens and judges them.

    python golden/likelihood/make.py

Writes likelihood/lm-eval.json: for each model the pairs [context, continuation] with the tokens that reach the model and what it finds,
the whole texts with their windows, both in float32, one by one. A model is a folder of golden/ or of the package's assets, with other
settings of its tokenizer where `changes` names some: its keys replace those of the file. `null` is where lm-eval stops with an error.

Needs lm-eval 0.4.13 beside torch and transformers.
"""
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from fixture_files import GOLDEN, OUT, made_with, write_json
from lm_eval.models.huggingface import HFLM

logging.disable(logging.WARNING)

BOS, EOS = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("<|endoftext|>", "<|im_end|>"))
TEXT = {"Sequence": {"id": "A", "type_id": 0}}


def framed(*pieces):
    """Llama 3's way: the byte-level processor, then a template."""
    names = {"<|endoftext|>": 0, "<|im_end|>": 2}
    template = {
        "type": "TemplateProcessing",
        "single": list(pieces),
        "pair": [*pieces, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {name: {"id": name, "ids": [id], "tokens": [name]} for name, id in names.items()},
    }
    level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    return {"type": "Sequence", "processors": [level, template]}


POCKET = "../packages/posttrain/assets/pocket/base"
MODELS = {
    "a beginning token by the post-processor (Llama 2)": ("models/babyllama-361", {}),
    "no beginning token (GPT-2, Qwen)": ("models/tiny-bpe", {}),
    "a beginning token that nothing adds": (POCKET, {}),
    "a beginning token after a byte-level processor (Llama 3)": (
        "models/tiny-bpe",
        {
            "tokenizer.json": {"post_processor": framed(BOS, TEXT)},
            "tokenizer_config.json": {"bos_token": "<|endoftext|>", "add_bos_token": False},
        },
    ),
    "a beginning and an end token": (
        "models/tiny-bpe",
        {
            "tokenizer.json": {"post_processor": framed(BOS, TEXT, EOS)},
            "tokenizer_config.json": {"bos_token": "<|endoftext|>"},
        },
    ),
    "a beginning token that only config.json names (Qwen)": (
        "models/tiny-bpe",
        {"config.json": {"bos_token_id": 0}, "generation_config.json": {"bos_token_id": 0}},
    ),
}

# {start} is the text of the prefix token.
PAIRS = [
    ["The cat", " sat"],
    ["The cat ", "sat on the mat."],
    ["The cat\n\n", "sat"],
    ["The cat\u2009\u001c\u0085", "sat"],
    ["The cat\ufeff", "sat"],
    ["", "cat"],
    ["", " The cat sat."],
    ["", "{start} The cat"],
    [" \n", "cat"],
    ["{start}The cat", " sat"],
    ["{start} The cat", " sat"],
    ["Th", "e cat sat."],
    ["The ca", "t"],
    ["caf", "\u00e9 \U0001f408"],
    ["One day, " * 200, "the cat sat."],
    ["The cat", " sat" * 100],
]
TEXTS = ["", "The cat sat on the mat.", "{start}The cat sat.", " Once upon a time, there was a little girl.", "One day, the cat sat. " * 60]


class Recording(HFLM):
    """Keeps what reaches the model, in the order it was asked."""

    def _loglikelihood_tokens(self, requests, **options):
        self.seen += [{"context": list(request[1]), "continuation": list(request[2])} for request in requests]
        return super()._loglikelihood_tokens(requests, **options)


def ask(lm, method, *arguments):
    lm.seen = []
    try:
        [result] = getattr(lm, method)([SimpleNamespace(args=arguments)], disable_tqdm=True)
    except AssertionError:
        return None, []
    return result, lm.seen


def changed(name, changes, folder):
    shutil.copytree(GOLDEN / name, folder, ignore=shutil.ignore_patterns("golden.json", "*s.safetensors", "fixture.json"))
    for file, keys in changes.items():
        path = Path(folder) / file
        path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    return str(folder)


def read(name, changes):
    with tempfile.TemporaryDirectory() as folder:
        lm = Recording(pretrained=changed(name, changes, Path(folder) / "model"), device="cpu", dtype="float32")
        start = lm.tokenizer.decode(lm.prefix_token_id)
        pairs = []
        for context, continuation in PAIRS:
            given = [context.replace("{start}", start), continuation.replace("{start}", start)]
            result, seen = ask(lm, "loglikelihood", *given)
            pairs.append({"given": given, "seen": seen[0] if seen else None, "logp": result and result[0], "greedy": result and result[1]})
        texts = []
        for text in TEXTS:
            given = text.replace("{start}", start)
            result, seen = ask(lm, "loglikelihood_rolling", given)
            texts.append({"given": given, "windows": seen, "logp": float(result)})
        return {"folder": name, "changes": changes, "prefix": lm.prefix_token_id, "pairs": pairs, "texts": texts}


models = {title: read(name, changes) for title, (name, changes) in MODELS.items()}
write_json(OUT / "likelihood/lm-eval.json", {"madeWith": made_with("lm-eval", "transformers"), "models": models})
