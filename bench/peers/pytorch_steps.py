"""A plain PyTorch training loop on a spec file (see programs/train-steps.mjs), one optimizer step for each line of stdin:
transformers' model, padded rows, fused AdamW, clipping. No trainer stands between."""
import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from transformers import AutoModelForCausalLM

spec = json.load(open(sys.argv[1]))
torch.set_num_threads(spec["threads"])
model = AutoModelForCausalLM.from_pretrained(spec["model"], dtype=torch.float32)
model.train()
optimizer = torch.optim.AdamW(model.parameters(), lr=spec["lr"], weight_decay=0.0, fused=True)
rows = [torch.tensor(json.loads(line)["input_ids"]) for line in open(spec["rows"])]
print(json.dumps({"peerTorch": torch.__version__, "transformers": transformers.__version__}), flush=True)

step, batch = 0, spec["batch"]
per_epoch = len(rows) // batch
while sys.stdin.readline():
    start, cpu = time.perf_counter(), time.process_time()
    chosen = rows[step % per_epoch * batch:][:batch]
    ids = torch.nn.utils.rnn.pad_sequence(chosen, batch_first=True)
    mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in chosen], batch_first=True)
    loss = model(input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    value = loss.item()
    print(json.dumps({"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - cpu, "loss": value,
                      "tokens": sum(len(row) for row in chosen),
                      "peakRss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
    step += 1
