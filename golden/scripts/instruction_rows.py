"""Rows of the instruction data as conversations, the chat tokenizers, and which rows are too long.

    python golden/scripts/instruction_rows.py

Writes golden/learn/instruction.jsonl (every row, in file order, with its index in the source), golden/sft/rows.jsonl (the
first rows that fit babyllama-361's context), golden/models/babyllama-361-chat/rows.json (lengths, left-out rows, characters
that fall back to bytes) and golden/models/tiny-bpe/ (a random Llama with a byte-level BPE tokenizer trained on the rows).
"""
import json
import shutil

from fixture_files import GOLDEN, OUT, SHARED, made_with, read_rows, write_json, write_rows

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CONTEXT = 256
SFT_ROWS = 480
TINY_VOCABULARY = 512
# Unlike babyllama's: text between turns, a control token at both ends of a turn, and no token at the start of a row.
TINY_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ message['content'] }}<|im_end|>{% endif %}\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def conversations():
    """Every row of the source; without the shared data, the committed copy."""
    file = SHARED / "data/llms_from_scratch/instruction-data.json"
    if not file.exists():
        return read_rows(GOLDEN / "learn/instruction.jsonl")
    source = json.loads(file.read_text())
    rows = []
    for index, row in enumerate(source):
        question = row["instruction"] + ("\n" + row["input"] if row["input"] else "")
        rows.append({"index": index, "messages": [{"role": "user", "content": question}, {"role": "assistant", "content": row["output"]}]})
    return rows


def render(tokenizer, row):
    """Token ids and the mask of assistant tokens (its end of turn included)."""
    out = tokenizer.apply_chat_template(row["messages"], tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
    return out["input_ids"], out["assistant_masks"]


def select(rows):
    folder = OUT / "models/babyllama-361-chat"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vocabulary, unknown = tokenizer.get_vocab(), tokenizer.convert_tokens_to_ids("<unk>")
    kept, left_out, bytes_for, unknowns = [], [], {}, 0
    for row in rows:
        ids, mask = render(tokenizer, row)
        text = "".join(message["content"] for message in row["messages"])
        unknowns += ids.count(unknown)
        for character in text.replace(" ", "▁"):
            if character not in vocabulary:
                bytes_for[character] = bytes_for.get(character, 0) + 1
        # The answer is the last thing in the row; each of its characters is a token (or its UTF-8 bytes), and </s> ends it.
        answer = row["messages"][-1]["content"]
        expected = sum(1 if c.replace(" ", "▁") in vocabulary else len(c.encode()) for c in answer) + 1
        assert sum(mask) == expected and mask[-expected:] == [1] * expected, f"row {row['index']}: the mask is not the answer"
        assert ids[0] == 1 and ids[-1] == 2 and ids.count(2) == 1
        (left_out if len(ids) > CONTEXT else kept).append((row, len(ids)))
    write_json(folder / "rows.json", {
        "madeBy": "golden/scripts/instruction_rows.py", "madeWith": made_with("transformers", "tokenizers"),
        "source": "llms_from_scratch/instruction-data.json", "rows": len(rows), "context": CONTEXT,
        "leftOut": [{"index": row["index"], "tokens": n} for row, n in left_out],
        "longestKept": max(n for _, n in kept), "unknownTokens": unknowns,
        "byteFallback": {"characters": {repr(c)[1:-1]: n for c, n in sorted(bytes_for.items())}, "total": sum(bytes_for.values())},
    })
    print(f"{len(rows)} rows, {len(left_out)} over {CONTEXT} tokens left out, {unknowns} unknown tokens, {sum(bytes_for.values())} characters as bytes")
    return [row for row, _ in kept]


def tiny_bpe(rows):
    """A small Llama with biases, untied head, kv heads < heads, and perturbed norms."""
    folder = OUT / "models/tiny-bpe"
    shutil.rmtree(folder, ignore_errors=True)
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    texts = [message["content"] for row in rows for message in row["messages"]]
    bpe.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=TINY_VOCABULARY, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", bos_token=None,
                                        additional_special_tokens=["<|im_start|>"])
    tokenizer.chat_template = TINY_TEMPLATE
    tokenizer.save_pretrained(folder, save_jinja_files=False)  # the template inside tokenizer_config.json, the older form
    torch.manual_seed(7)
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=TINY_VOCABULARY, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=256, tie_word_embeddings=False, attention_bias=True,
        mlp_bias=True, initializer_range=0.1, bos_token_id=None, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id))
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "norm" in name:
                value.add_(0.2 * torch.randn(value.shape, generator=generator))
            elif name.endswith("bias"):
                value.copy_(0.2 * torch.randn(value.shape, generator=generator))
    model.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    lengths = sorted(len(render(tokenizer, row)[0]) for row in rows)
    print(f"tiny-bpe: {sum(p.numel() for p in model.parameters())} parameters; rows of {lengths[0]} to {lengths[-1]} tokens, median {lengths[len(lengths) // 2]}")


if __name__ == "__main__":
    every = conversations()
    write_rows(OUT / "learn/instruction.jsonl", every)
    kept = select(every)
    write_rows(OUT / "sft/rows.jsonl", kept[:SFT_ROWS])
    assert read_rows(OUT / "sft/rows.jsonl") == kept[:SFT_ROWS]
    tiny_bpe(kept[:SFT_ROWS])
