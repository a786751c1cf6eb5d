"""Where fixtures lie, how they are written, and what they were made with.

Every script writes below $GOLDEN_OUT (the golden/ folder unless told), so that `parity.mjs` can remake the fixtures
elsewhere and compare. Data that is not committed is read from $POSTTRAIN_SHARED (../shared unless told).
"""
import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TQDM_DISABLE", "1")

import torch
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parent.parent
OUT = Path(os.environ.get("GOLDEN_OUT", GOLDEN)).resolve()
SHARED = Path(os.environ.get("POSTTRAIN_SHARED", GOLDEN.parent.parent / "shared")).resolve()
THREADS = 1  # one thread: sums are in one order, and small models run no faster on two

torch.set_num_threads(THREADS)
torch.use_deterministic_algorithms(True)


def made_with(*packages):
    """Versions and machine traits that may move the last digits; stored in every fixture."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        **{name: version(name) for name in packages},
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "platform": f"{platform.system().lower()}-{platform.machine()}",
    }


def write_json(path, value):
    """Indented JSON with every list of plain values on one line. Floats keep all their digits."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m.group(1)) + "]", text)
    assert json.loads(text) == value, "a string with brackets was changed by the layout"
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def write_tensors(path, tensors):
    """safetensors, readable by everyone (the library writes 0600)."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: tensors[key].detach().contiguous().clone() for key in sorted(tensors)}, path)
    path.chmod(0o644)


def write_rows(path, rows):
    """JSONL, one row a line."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_rows(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]
