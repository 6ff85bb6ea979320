"""Turns a GGUF file into a folder as transformers and vLLM read it.

    python gguf_folder.py MODEL.gguf FOLDER

Needs torch, transformers, accelerate and gguf; nothing of this project, so that any environment can run it.
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(weights: Path, folder: Path) -> None:
    """Write tokenizer and weights, in bfloat16, to ``folder``."""
    import torch
    import transformers

    folder_and_name = {"pretrained_model_name_or_path": str(weights.parent), "gguf_file": weights.name}
    # Releases without this class always give plain weights; the later ones give packed ones unless told.
    packed = getattr(transformers, "GgufConfig", None)
    plain = {} if packed is None else {"quantization_config": packed(dequantize=True)}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**folder_and_name)
    model = transformers.AutoModelForCausalLM.from_pretrained(**folder_and_name, dtype=torch.float32, **plain)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
