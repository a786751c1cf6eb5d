"""Makes this folder's fixtures: two tiny tokenizers, what TRL's SFTTrainer makes of rows, and what Jinja makes of templates.

    POSTTRAIN_PEERS/bin/python golden/data/make.py

Needs transformers, tokenizers and trl; needs no network and no model. The output does not depend on the machine.
"""
import json
import os
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import trl
import transformers
from datasets import Dataset
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.utils.chat_template_utils import render_jinja_template
from trl import SFTTrainer

HERE = Path(__file__).parent

CORPUS = [
    "The cat sat on the mat. The dog sat on the log.",
    "What is the capital of France? The capital of France is Paris.",
    "user assistant system\nHello there, how are you today?\n\nI am fine, thank you.",
    "def add(a, b):\n    return a + b\n",
] * 4

CHATML = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}
        {%- if message.reasoning_content is defined %}
            {{- '<think>\\n' + message.reasoning_content.strip('\\n') + '\\n</think>\\n\\n' }}
        {%- endif %}
        {{- message.content }}
        {%- for call in message.tool_calls or [] %}
            {{- '<tool_call>' + (call.function | tojson) + '</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
        {%- endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

PHI = """\
{{- bos_token }}
{%- for message in messages %}
    {{- '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n' }}
{%- else %}
    {{- eos_token }}
{%- endif %}
"""


def special(*contents, **flags):
    return [AddedToken(content, special=True, normalized=False, **flags) for content in contents]


def byte_level():
    """Byte-level BPE in the manner of GPT-2, with ChatML's tokens."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=True)
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=330, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=special("<|endoftext|>", "<|im_start|>", "<|im_end|>"), show_progress=False))
    tok.add_tokens([AddedToken(t, special=False, normalized=False) for t in ("<think>", "</think>", "<tool_call>", "</tool_call>")])
    return PreTrainedTokenizerFast(tokenizer_object=tok, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHATML)


def sentencepiece_like():
    """BPE with byte fallback and a space put before the text, in the manner of Llama 2 and Phi 3."""
    fallback = [f"<0x{i:02X}>" for i in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    trained.normalizer = normalizer
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=350, special_tokens=["<unk>", "<s>", "</s>", *fallback], show_progress=False))
    model = json.loads(trained.to_str())["model"]
    tok = Tokenizer(models.BPE(
        vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tok.normalizer = normalizer
    tok.add_special_tokens(special("<unk>", "<s>"))
    tok.add_tokens([AddedToken("</s>", special=False, normalized=False, rstrip=True)])
    tok.add_special_tokens(special("<|endoftext|>"))
    tok.add_special_tokens(special("<|user|>", "<|assistant|>", "<|system|>", "<|end|>", rstrip=True))
    tok.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tok.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tok, bos_token="<s>", eos_token="<|endoftext|>", unk_token="<unk>", pad_token="<|endoftext|>", chat_template=PHI)


def trl_rows(tok, rows, assistant_only=False, completion_only=True):
    """The ids and labels of SFTTrainer, by its own code, without a model to train."""
    trainer = SimpleNamespace(_tokenizer=tok, chat_template=None, completion_only_loss=completion_only)
    args = SimpleNamespace(
        dataset_num_proc=None, dataset_text_field="text", assistant_only_loss=assistant_only, max_length=None, shuffle_dataset=False)
    prepared = SFTTrainer._prepare_dataset(trainer, Dataset.from_list(rows), tok, args, False, None, "train")
    return [{"row": row, "ids": out["input_ids"], "labels": out["labels"]} for row, out in zip(rows, prepared)]


def chat(*contents):
    roles = ["user", "assistant"] * len(contents)
    return [{"role": role, "content": content} for role, content in zip(roles, contents)]


TEXTS = [{"text": t} for t in ("The cat sat.", "  two  spaces\n\nand lines\n", "Zürich 😀 東京", "already ends{eos}", "")]
PAIRS = [{"prompt": p, "completion": c} for p, c in (
    ("What is the capital of France?", " Paris."), ("Q: 😀\nA:", " 東京 it is"), ("def add(a, b):\n", "    return a + b\n"), ("x", " y{eos}"))]
CHATS = [{"messages": m} for m in (
    chat("Hello", "I am fine."),
    chat("Hello", "Hi 😀", "And  now?", "  Leading and trailing  \n"),
    [{"role": "system", "content": "Be brief."}, *chat("Zürich?", "東京", "one\n\ntwo", "three\n\n")],
)]
CHAT_PAIRS = [{"prompt": chat("Hello"), "completion": [{"role": "assistant", "content": "I am fine 😀"}]}]

TEMPLATES = [
    "{{ true }} {{ false }} {{ none }} {{ 1.0 }} {{ 2 }} {{ true | string }} {{ none | string }} {{ [1, 'a', none] }}",
    "{{ messages[0] }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ [1.5, \"it's\"] }}|{{ ' x\\n' | trim }}|{{ [1, 2] | trim }}",
    "{{ '\\n  code \\n'.strip('\\n') }}|{{ '\\n  code'.lstrip('\\n') }}|{{ 'code  \\n'.rstrip('\\n') }}|{{ 'xxaxx'.strip('x') }}",
    "{% for m in messages %}{{ loop.index }}{{ m.role }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{%- for m in messages %}\n    {%- generation %}\n  {{ m.content }}\n    {%- endgeneration %}\n{%- endfor %}",
    "a\n{% generation %}\nb\n{% endgeneration %}\nc",
    "{% macro show(x, y=2) %}{{ x }}-{{ y }}{{ kwargs.z }}{% endmacro %}{{ show(1, z=3) }}{% set ns = namespace(n=0) %}{% set ns.n = 4 %}{{ ns.n }}",
    "{{ {'a': [true, {'b': 'é\"'}]} | tojson }} {{ {'b': 1, 'a': 2} | tojson(indent=2) }} {{ tools | tojson }}",
    "{{ messages[0].constructor }}|{{ ''.__class__ }}|{{ messages.__proto__ }}|{{ nothing }}|",
    "{{ messages[0].content + 1 }}",
    "{{ raise_exception('roles must alternate') }}",
]
TEMPLATE_INPUT = {"messages": [{"role": "user", "content": "it's \"so\"\n\\"}, {"role": "assistant", "content": "😀 yes"}],
                  "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}


def templates():
    out = []
    for source in TEMPLATES:
        case = {"source": source}
        try:
            text, spans = render_jinja_template(
                [TEMPLATE_INPUT["messages"]], tools=TEMPLATE_INPUT["tools"], chat_template=source, return_assistant_tokens_mask=True)
            case |= {"text": text[0], "spans": spans[0]}
        except Exception as error:
            case["error"] = str(error)
        out.append(case)
    return {"input": TEMPLATE_INPUT, "cases": out}


def with_eos(rows, tok):
    return [{k: v.replace("{eos}", tok.eos_token) for k, v in row.items()} for row in rows]


def main():
    cases = []
    for name, tok in (("bytes", byte_level()), ("pieces", sentencepiece_like())):
        tok.save_pretrained(HERE / name)
        cases.append({"tokenizer": name, "train": "assistant", "rows": trl_rows(tok, with_eos(TEXTS, tok))})
        cases.append({"tokenizer": name, "train": "assistant", "rows": trl_rows(tok, with_eos(PAIRS, tok))})
        cases.append({"tokenizer": name, "train": "all", "rows": trl_rows(tok, with_eos(PAIRS, tok), completion_only=False)})
        cases.append({"tokenizer": name, "train": "all", "rows": trl_rows(tok, CHATS)})
        cases.append({"tokenizer": name, "train": "completion", "rows": trl_rows(tok, CHAT_PAIRS)})
        if name == "bytes":
            # An answer that starts with spaces has no loss at all in TRL: its first character belongs to no token's offsets.
            starting = [{"messages": [{**m, "content": m["content"].lstrip(" ")} for m in row["messages"]]} for row in CHATS]
            cases.append({"tokenizer": name, "train": "assistant", "rows": trl_rows(tok, starting, assistant_only=True)})
    versions = {"trl": trl.__version__, "transformers": transformers.__version__}
    (HERE / "trl.json").write_text(json.dumps({"versions": versions, "cases": cases}, ensure_ascii=False, indent=1) + "\n")
    (HERE / "templates.json").write_text(json.dumps({"versions": versions, **templates()}, ensure_ascii=False, indent=1) + "\n")


main()
