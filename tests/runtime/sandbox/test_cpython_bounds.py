"""What a call may use of the machine: its folder and its threads, where the kernel bounds them and where it
does not."""

# ruff: noqa: E501

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

import pytest
from sandbox_hosts import as_ordinary_user, drop_rights, run_script, without

from skillrt.sandbox.cpython import scratch
from skillrt.sandbox.cpython.confine import why_not

pytestmark = [
    pytest.mark.skipif(why_not() is not None, reason=f"the cpython sandbox cannot isolate here: {why_not()}"),
    pytest.mark.skipif(
        os.getuid() != 0 or os.uname().machine != "x86_64",
        reason="needs root, to become another user, and the numbers are those of x86_64",
    ),
]

LIMIT = 1_000_000
UNSHARE, EPERM = 272, 0x50000 | 1
SYS_PTRACE, SYS_ADMIN = 19, 21

BEGIN = "import mmap, os, time\nheld, used = [], 0\ntry:\n  n = 0\n  while True:\n    n += 1\n"
# What is held stays a while: without the kernel's bound only a look can see it, and a burst may end between two.
END = "\nexcept OSError:\n  time.sleep(0.3)\nresult = used"
FILLING = {
    "files": "    with open(f'f{n}', 'wb') as f: f.write(bytes(50_000))\n    used += 50_000",
    "files without a name": "    f = open('f', 'wb', buffering=0); held.append(f); os.unlink('f')\n    used += f.write(bytes(50_000))",
    "mapped files without a name": "    f = open('f', 'w+b'); f.write(bytes(100_000)); f.flush(); held.append(mmap.mmap(f.fileno(), 0)); f.close(); os.unlink('f')\n    used += 100_000",
    "a deep path": "    os.mkdir('d'); os.chdir('d')\n    with open('f', 'wb') as f: f.write(bytes(4000))\n    used += 4000",
    "a folder that cannot be read": "    os.makedirs('d', 0o300, exist_ok=True)\n    with open(f'd/f{n}', 'wb') as f: f.write(bytes(50_000))\n    used += 50_000",
    "folders that move": "    os.mkdir(f'd{n}'); open(f'd{n}/f', 'wb').write(bytes(50_000)); os.rename(f'd{n}', f'e{n}')\n    used += 50_000",
    "room set aside": "    fd = os.open(f'f{n}', os.O_CREAT | os.O_RDWR); os.posix_fallocate(fd, 0, 50_000); os.close(fd)\n    used += 50_000",
}
COUNTED = {
    "empty files": "    open(f'f{n}', 'w').close()\n    used += 1",
    "empty folders": "    os.mkdir(f'd{n}')\n    used += 1",
    "empty folders, deep": "    os.mkdir('d'); os.chdir('d')\n    used += 1",
}
HELPERS = "Helpers(hosted=(HostedHelper('mapping', 'mmap:mmap'),))"
"""Loads `mmap` before the walls are up: an ordinary user may not be able to read this interpreter's modules."""
BODY = """
import json
codes = json.loads({codes!r})
for name, code in codes.items():
    got = await s.run(code, {{}}, timeout_s=20, memory_mb=256)
    print(json.dumps([name, got.error_kind, got.result, got.error]), flush=True)
got = await s.run("result = 7", {{}}, timeout_s=20, memory_mb=64)
print(json.dumps(["after", got.error_kind, got.result, got.error]), flush=True)
"""

HOSTS: dict[str, tuple[bool, bool]] = {
    "root": (True, True),
    "an ordinary user": (False, True),
    "root in a container": (True, False),
    "an ordinary user in a container": (False, False),
    "root with few rights in a container": (True, False),
}


def on_host(root: bool, namespaces: bool, *, few_rights: bool) -> Callable[[], None]:
    refuse = without(UNSHARE, action=EPERM)

    def become() -> None:
        if not root:
            as_ordinary_user()
        if few_rights:
            drop_rights(SYS_PTRACE, SYS_ADMIN)
        if not namespaces:
            refuse()

    return become


@pytest.fixture
def folder() -> Iterator[str]:
    path = tempfile.mkdtemp(dir="/tmp")
    os.chmod(path, 0o777)  # noqa: PTH101
    yield path
    shutil.rmtree(path)


def outcomes(host: str, codes: dict[str, str], folder: str) -> dict[str, tuple[str, object, str | None]]:
    """Run codes in one sandbox on a host: name -> error kind, result, error. Nothing may be left."""
    body = BODY.format(codes=json.dumps(codes))
    done = run_script(
        body,
        f"SandboxLimits(processes=1, scratch_bytes={LIMIT}), {HELPERS}",
        preexec_fn=on_host(*HOSTS[host], few_rights="few" in host),
        env={**os.environ, "TMPDIR": folder},
        cwd="/",
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == len(codes) + 1, done.stdout + done.stderr
    assert os.listdir(folder) == []  # noqa: PTH208
    found = {name: (kind, result, error) for name, kind, result, error in rows}
    assert found.pop("after")[:2] == ("none", 7)
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_a_folder_holds_no_more_than_its_limit(host: str, folder: str) -> None:
    codes = {name: BEGIN + code + END for name, code in {**FILLING, **COUNTED}.items()}
    for name, (kind, used, error) in outcomes(host, codes, folder).items():
        if HOSTS[host][1]:
            assert kind == "none", (name, kind, error)
            assert isinstance(used, int)
            assert 0 < used <= (LIMIT if name in FILLING else scratch.MAX_ENTRIES), name
        else:
            assert kind == "output", (name, kind, used, error)


THREADS = """
import ctypes, threading, time
def sleep(): time.sleep(9)
threading.stack_size(32768)
n = 0
try:
    while n < 1000:
        threading.Thread(target=sleep, daemon=True).start()
        n += 1
except RuntimeError:
    pass
{after}
result = n
"""


@pytest.mark.parametrize("host", HOSTS)
def test_threads_are_bounded(host: str, folder: str) -> None:
    codes = {"at once": THREADS.replace("{after}", ""), "kept": THREADS.replace("{after}", "time.sleep(9)")}
    got = outcomes(host, codes, folder)
    if host in ("an ordinary user in a container", "root with few rights in a container"):
        assert got["kept"][0] == "memory"
        assert "threads" in str(got["kept"][2])
    else:
        assert [kind for kind, _, _ in got.values()] == ["none", "none"]
        assert [result for _, result, _ in got.values()] == [63, 63]


@pytest.mark.parametrize("host", HOSTS)
def test_calls_do_not_count_each_others_threads(host: str, folder: str) -> None:
    code = "import threading\nstop = threading.Event()\nts = [threading.Thread(target=stop.wait) for _ in range(40)]\n[t.start() for t in ts]\nstop.set()\nresult = len(ts)"
    body = f"""
import json
calls = [s.run({code!r}, {{}}, timeout_s=20, memory_mb=2000) for _ in range(3)]
for number, got in enumerate(await asyncio.gather(*calls)):
    print(got.error_kind, got.result, got.error)
"""
    done = run_script(
        body,
        "SandboxLimits(processes=3), Helpers()",
        preexec_fn=on_host(*HOSTS[host], few_rights="few" in host),
        env={**os.environ, "TMPDIR": folder},
        cwd="/",
    )
    assert done.stdout == "none 40 None\n" * 3, done.stderr
