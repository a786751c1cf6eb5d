"""transformers' generate for bench/decode: generate.py MODEL DTYPE; one JSON object in on a line, one out.

In: {"prompts": [[id, …], …], "newTokens": n, "threads": n, "sample": bool}. Out: {"seconds": s, "cpuSeconds": s, "tokens": [[id, …], …]}.
Prompts are filled up on the left, as transformers wants them. Sampling is at temperature 1 without filters.
"""
import json
import resource
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
path, dtype = sys.argv[1:]
model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, dtype)).eval()
versions = {"python": sys.version.split()[0], "peerTorch": torch.__version__, "transformers": transformers.__version__}
print(json.dumps(versions), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    torch.set_num_threads(request["threads"])
    prompts, new = request["prompts"], request["newTokens"]
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    torch.manual_seed(0)
    how = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0} if request["sample"] else {"do_sample": False}
    with torch.inference_mode():
        begun, begun_cpu = time.perf_counter(), time.process_time()
        out = model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=new, min_new_tokens=new, pad_token_id=0, **how
        )
        seconds, cpu = time.perf_counter() - begun, time.process_time() - begun_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    made = out[:, longest:].tolist()
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu, "tokens": made, "peakBytes": peak}), flush=True)
