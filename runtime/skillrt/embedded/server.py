"""The embedded judge's own process: ``python -m skillrt.embedded.server --model FILE``.

Serves one GGUF model through llama.cpp (xllamacpp) with an OpenAI-compatible API on a loopback port. When the
model is loaded it prints one JSON line, ``{"base_url": ..., "model": ..., "pid": ...}``, on stdout; the log
of llama.cpp goes to stderr. It stops on SIGTERM and SIGINT, and with ``--parent PID`` also as soon as that
process is no longer its parent, so that a starter killed outright leaves nothing behind.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from skillrt.embedded.model import MODEL_ALIAS

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
_PARENT_CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class ServerOptions:
    """What one server is started with; every field is the command line option of the same name.

    One slot is one request at a time. With several, generation runs on all ``batch_threads``, which stalls on
    a machine with other work to do (from 40 to 4 tokens/s on 2 busy cores), so one is the default, and a
    client should not ask more at once than there are slots. ``slot_context`` is the number of tokens that one
    request may hold, its output included; a slot's memory is 22.5 KiB a token with SmolLM2-135M.
    """

    model: Path
    alias: str = MODEL_ALIAS
    port: int = 0
    slots: int = 1
    slot_context: int = 8192
    threads: int = 1
    batch_threads: int = 2
    cache_mib: int = 512
    verbosity: int = 2
    parent: int | None = None

    def arguments(self) -> list[str]:
        """Return the command line that ``parse_options`` reads back into these options."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return [f"--{name.replace('_', '-')}={value}" for name, value in given if value is not None]


def parse_options(argv: Sequence[str] | None = None) -> ServerOptions:
    """Reads the command line; exits 2 with a usage message when it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m skillrt.embedded.server",
        description="Serve a small model on loopback for judging offline.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, help="GGUF file to serve")
    parser.add_argument("--alias", default=MODEL_ALIAS, help="name of the model in the API")
    parser.add_argument("--port", type=int, default=0, help="loopback port, 0 for a free one")
    for name, value, meaning in (
        ("--slots", 1, "requests served at the same time"),
        ("--slot-context", 8192, "tokens that one request may hold, output included"),
        ("--threads", 1, "threads that generate for one request"),
        ("--batch-threads", 2, "threads that read prompts or generate for several requests"),
        ("--cache-mib", 512, "memory for prompts that have left their slot, MiB"),
    ):
        parser.add_argument(name, type=int, default=value, help=meaning)
    parser.add_argument("--verbosity", type=int, default=2, help="log level of llama.cpp, on stderr")
    parser.add_argument(
        "--parent", type=int, default=None, help="stop when this process is no longer the parent"
    )
    options = ServerOptions(**vars(parser.parse_args(argv)))
    if not options.model.is_file():
        parser.error(f"--model {options.model}: no such file")
    return options


def serve(options: ServerOptions) -> None:
    """Loads the model, announces the address on stdout and returns when the server is to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = _faster_copy(options.model)
    params.model_alias = {options.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = options.port
    params.n_parallel = options.slots
    params.n_ctx = options.slots * options.slot_context
    params.kv_unified = False
    params.cpuparams.n_threads = options.threads
    params.cpuparams_batch.n_threads = options.batch_threads
    params.cache_ram_mib = options.cache_mib
    params.n_gpu_layers = 0
    params.fit_params = False
    params.chat_template = TEMPLATE.read_text(encoding="utf-8")
    params.ui = False
    params.offline = True
    params.verbosity = options.verbosity
    server = xllamacpp.Server(params)
    ready = {"base_url": f"{server.listening_address}/v1", "model": options.alias, "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    while not stop.wait(_PARENT_CHECK_SECONDS):
        if options.parent is not None and os.getppid() != options.parent:
            return


def _faster_copy(model: Path) -> str:
    """Return the path of a copy in memory that computes faster.

    It is the file itself where there is nothing to gain.

    The copy has no name in the file system, so it is gone with the process, however that ends.
    """
    if not hasattr(os, "memfd_create"):
        return str(model)
    from skillrt.embedded.weights import write_as_q8

    copy = os.memfd_create("model")
    with os.fdopen(copy, "wb", closefd=False) as target:
        written = write_as_q8(model, target)
    return f"/proc/self/fd/{copy}" if written else str(model)


def main(argv: Sequence[str] | None = None) -> None:
    """Serves until told to stop."""
    options = parse_options(argv)
    try:
        serve(options)
        code = 0
    except ModuleNotFoundError as error:
        print(f"The embedded judge needs the extra 'local': {error}", file=sys.stderr)
        code = 1
    except (RuntimeError, ValueError) as error:
        print(f"The embedded judge could not start: {error}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The server's destructor waits for requests in flight, and nobody is left to read their answers.
    os._exit(code)


if __name__ == "__main__":
    main()
