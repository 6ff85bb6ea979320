"""The Ray cluster that a run judges on: one that is named, or one made on this machine for the run."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from skillbench.errors import BenchError

__all__ = ["RayOptions", "open_cluster"]

_ADDRESS: Final = "RAY_ADDRESS"
_LOOPBACK: Final = "127.0.0.1"
_STORE_BYTES: Final = 512 * 2**20


@dataclass(frozen=True, slots=True)
class RayOptions:
    """Where the cluster is and how many workers judge.

    ``address`` None means what RAY_ADDRESS says, else a cluster of its own on this machine; ``workers``
    None means one for each CPU of the cluster, and never more than there are judgments at a time.
    """

    address: str | None = None
    workers: int | None = None


@contextmanager
def open_cluster(options: RayOptions) -> Iterator[None]:
    """Within the block this process is the driver of a cluster; inside another such block nothing is done.

    Raises:
        BenchError: Ray is not installed, or there is no cluster at the address.
    """
    # Read when Ray is imported: no report of usage, and no warning about variables that we do not set.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise BenchError(
            "--engine ray needs Ray, which is not installed: pip install 'skillc[ray]', "
            "on every machine of the cluster"
        ) from error
    if ray.is_initialized():
        yield
        return
    address = options.address or os.environ.get(_ADDRESS) or "local"
    own: dict[str, Any] = {}
    if address == "local":  # only of a cluster of our own may anything be said
        own = {
            "num_cpus": options.workers,
            "object_store_memory": _STORE_BYTES,
            "include_dashboard": False,
            "_node_ip_address": _LOOPBACK,
        }
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise BenchError(
            f"Ray did not start at the address {address}: {said}. Is the cluster up (ray status), and has it "
            "the same versions of Ray and Python as this machine?"
        ) from error
    finally:
        # Ray's own handler ends the process at once; a run ends in its own way.
        signal.signal(signal.SIGTERM, before)
    try:
        yield
    finally:
        ray.shutdown()
