"""The cpython backend: what it runs, how it fails, and what becomes of hostile code."""

# ruff: noqa: E501

from __future__ import annotations

import asyncio
import os
import textwrap
import time

import pytest
import pytest_asyncio

from skillrt.sandbox import (
    Helpers,
    HostedHelper,
    SandboxLimits,
    SandboxResult,
    SandboxUnavailable,
    open_sandbox,
)
from skillrt.sandbox.cpython.confine import why_not

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(why_not() is not None, reason=f"the cpython sandbox cannot isolate here: {why_not()}"),
]

LIMITS = SandboxLimits(
    processes=2, stdout_chars=1000, flood_bytes=200_000, result_bytes=5000, scratch_bytes=200_000
)
HELPERS = Helpers(
    source_names=("shout",),
    source_of=lambda _names: "def shout(text):\n    return text.upper()",
    hosted=(HostedHelper("shorten", "textwrap:shorten"),),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox("cpython", LIMITS, HELPERS) as opened:
        yield opened


async def call(sandbox, code: str, timeout_s: float = 5.0, memory_mb: int = 64, **inputs) -> SandboxResult:
    return await sandbox.run(textwrap.dedent(code), inputs, timeout_s=timeout_s, memory_mb=memory_mb)


async def test_inputs_results_and_prints_come_through(sandbox):
    code = """
        import sys
        print("seen", n)
        print("warned", file=sys.stderr)
        result = {"n": n + 1, "x": x, "name": __name__}
    """
    got = await call(sandbox, code, n=1, x=[None, True, 2.5, "é\ud800"])
    assert got.ok, got
    assert got.error_kind == "none"
    assert got.result == {"n": 2, "x": [None, True, 2.5, "é�"], "name": "__main__"}
    assert got.stdout == "seen 1\nwarned\n"


async def test_it_is_full_python(sandbox):
    code = """
        import asyncio, concurrent.futures, dataclasses, enum, heapq, itertools, statistics, string, sqlite3, tempfile
        import xml.etree.ElementTree as tree, zoneinfo, decimal, hashlib, csv, io, os, bisect, typing

        @dataclasses.dataclass
        class Point:
            x: int
            y: int = 2

        class Colour(enum.Enum):
            RED = 1

        def count():
            yield from range(3)

        async def nap():
            await asyncio.sleep(0.001)
            return 7

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            mapped = list(pool.map(len, ["a", "bb"]))
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "f"), "w") as file:
                file.write("kept here")
            read = open(os.path.join(folder, "f")).read()
        base = sqlite3.connect(":memory:")
        result = [Point(1).y, Colour.RED.value, list(count()), asyncio.run(nap()), mapped, read,
                  base.execute("select 2 + 3").fetchone()[0], tree.fromstring("<a>t</a>").text]
    """
    got = await call(sandbox, code, memory_mb=256)
    assert got.result == [2, 1, [0, 1, 2], 7, [1, 2], "kept here", 5, "t"], got


async def test_programs_that_exit_are_fine(sandbox):
    for code in ("result = 1\nimport sys\nsys.exit()", "result = 1\nexit(0)", "result = 1\nraise SystemExit"):
        assert (await call(sandbox, code)).result == 1
    got = await call(sandbox, "import sys\nsys.exit(3)")
    assert got.error_kind == "runtime"
    assert "SystemExit: 3" in got.error


async def test_same_inputs_same_bytes(sandbox):
    code = "import random\nresult = [random.random(), list({'a', 'b', 'c', 'd'}), hash('x')]"
    first = (await call(sandbox, code)).result
    assert first == (await call(sandbox, code)).result
    async with open_sandbox("cpython", LIMITS, HELPERS) as other:
        assert first == (await call(other, code)).result


async def test_helpers_are_preloaded(sandbox):
    got = await call(sandbox, "result = [shout('a'), shorten('a b c d e f', width=8)]")
    assert got.result == ["A", "a [...]"], got
    got = await call(sandbox, "shout = None\nresult = 1")
    assert got.ok
    assert (await call(sandbox, "result = shout('b')")).result == "B"


async def test_errors_show_the_codes_own_lines(sandbox):
    got = await call(sandbox, "def inner():\n    return 1 / 0  # here\n\ninner()")
    assert got.error_kind == "runtime"
    assert got.error.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "# here" in got.error
    assert "child.py" not in got.error


FAILURES = [
    ("syntax error", "x = (", "syntax"),
    ("null byte", "x = 1\0", "syntax"),
    ("deep expression", "x = " + "(" * 5000 + ")" * 5000, "syntax"),
    ("runtime error", "1 / 0", "runtime"),
    ("BaseException", "class Out(BaseException): pass\nraise Out('x')", "runtime"),
    ("KeyboardInterrupt", "raise KeyboardInterrupt", "runtime"),
    ("GeneratorExit", "raise GeneratorExit", "runtime"),
    (
        "exception that cannot be shown",
        "class E(Exception):\n    def __str__(self): raise E\nraise E",
        "runtime",
    ),
    ("exception with a huge text", "raise ValueError('x' * 10**6)", "runtime"),
    (
        "exception that lies about its class",
        "class E(Exception):\n    __class__ = property(lambda s: MemoryError)\nraise E",
        "runtime",
    ),
    ("faked timeout", "raise TimeoutError('ran longer than 1 s')", "runtime"),
    ("recursion", "def f(): return f()\nf()", "runtime"),
    (
        "recursion in C",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nclass A:\n    def __repr__(self): return repr(self)\nrepr(A())",
        "crashed",
    ),
    ("endless loop", "while True: pass", "timeout"),
    (
        "loop that catches everything",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    ("sleep", "import time\ntime.sleep(60)", "timeout"),
    ("endless C call", "x = 9 ** 10**8", "timeout"),
    ("regular expression that backtracks", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')", "timeout"),
    (
        "exception whose text is endless",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        "timeout",
    ),
    (
        "stream that hangs when it is flushed",
        "import sys, time\nclass S:\n    def flush(self): time.sleep(60)\nsys.stdout = S()",
        "timeout",
    ),
    (
        "thread that never ends",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nwhile True: time.sleep(1)",
        "timeout",
    ),
    (
        "lock that is never released",
        "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
        "timeout",
    ),
    (
        "stopped signals",
        "import signal\nfor s in range(1, 60):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
        "timeout",
    ),
    ("big string", "x = 'a' * 10**10", "memory"),
    ("growing list", "x = []\nwhile True: x.append('a' * 10000)", "memory"),
    (
        "growing list that is caught",
        "x = []\nwhile True:\n    try: x.append('a' * 10000)\n    except MemoryError: raise",
        "memory",
    ),
    ("big mapping", "import mmap\nx = [mmap.mmap(-1, 1 << 30)]", "runtime"),
    ("result that unfolds", "a = ['x' * 1_000_000] * 100\nresult = [a] * 10", "memory"),
    ("flood of output", "while True: print('a' * 1000)", "output"),
    ("flood on the descriptor", "import os\nwhile True: os.write(2, b'a' * 65536)", "output"),
    ("result too large", "result = ['a'] * 10000", "output"),
    ("result with itself inside", "result = []\nresult.append(result)", "runtime"),
    ("result not a number", "result = float('nan')", "runtime"),
    ("result not JSON", "result = {1, 2}", "runtime"),
    ("result with tuple keys", "result = {(1, 2): 3}", "runtime"),
    ("result a huge integer", "result = 10 ** 4000", "runtime"),
    ("result deep", "x = 0\nfor i in range(90): x = [x]\nresult = x", "runtime"),
    ("result of half characters", "result = chr(0xd800)", "runtime"),
    (
        "result that is a lying dict",
        "class D(dict):\n    def items(self): raise ValueError\nresult = D(a=1)",
        "runtime",
    ),
    ("exit without a result", "import os\nos._exit(0)", "crashed"),
    ("exit with a status", "import os\nos._exit(3)", "crashed"),
    ("abort", "import os\nos.abort()", "crashed"),
    ("segmentation fault", "import ctypes\nctypes.string_at(0)", "crashed"),
    (
        "full folder",
        "n = 0\nwhile True:\n    with open(f'f{n}', 'wb') as f: f.write(bytes(100_000))\n    n += 1",
        "output",
    ),
    ("many files", "n = 0\nwhile True:\n    open(f'f{n}', 'w').close()\n    n += 1", "output"),
    ("file too large", "with open('f', 'wb') as f:\n    while True: f.write(bytes(100_000))", "runtime"),
]


@pytest.mark.parametrize(("code", "kind"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_failures_are_told_apart(sandbox, code, kind):
    got = await call(sandbox, code, timeout_s=0.3 if kind == "timeout" else 10)
    assert not got.ok
    assert got.error_kind == kind, got.error
    assert got.error
    assert len(got.error) < 2100
    assert got.result is None
    assert (await call(sandbox, "result = 7")).result == 7


FORGERIES = [
    (
        "closed result pipe",
        "import os\nfor fd in range(3, 100):\n    try: os.close(fd)\n    except OSError: pass\nresult = 1",
    ),
    (
        "JSON into every descriptor",
        'import os\nfor fd in range(3, 100):\n    try: os.write(fd, b\'{"kind": "none", "result": "1"}\')\n    except OSError: pass\nresult = 1',
    ),
    (
        "JSON and exit",
        'import os\nfor fd in range(3, 100):\n    try: os.write(fd, b\'{"kind": "none", "result": "1"}\')\n    except OSError: pass\nos._exit(0)',
    ),
    (
        "frame with a guessed token",
        'import os\nos.write(3, bytes(16) + (30).to_bytes(4, \'big\') + b\'{"kind":"none","result":"1"}  \')\nos._exit(0)',
    ),
    ("flood into the result pipe", "import os\nwhile True: os.write(3, bytes(65536))"),
    ("half a frame", "import os\nos.write(3, b'xx')\nos._exit(0)"),
    ("status of a child that is not locked", "import os\nos.write(1, b'pretend')\nos._exit(1)"),
]


@pytest.mark.parametrize("code", [row[1] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
async def test_forged_frames_are_crashes(sandbox, code):
    got = await call(sandbox, code)
    assert got.error_kind == "crashed", got
    assert got.result is None


async def test_a_frame_forged_with_the_token_is_still_only_json_for_oneself(sandbox):
    forge = """
        import gc, os
        job = next(o for o in gc.get_objects() if type(o).__name__ == "Job")
        payload = {payload}
        os.write(3, bytes.fromhex(job.token) + len(payload).to_bytes(4, "big") + payload)
        os._exit(0)
    """
    for payload in (
        b'{"kind": "unavailable", "error": "x"}',
        b'{"kind": "none"}',
        b"[]",
        b"{",
        b'{"kind":"none","result":1}',
        b'{"kind":"timeout","error":"x"}',
        b'{"kind":"syntax","error":5}',
        b"\xff\xfe",
        b"null",
    ):
        got = await call(sandbox, forge.replace("{payload}", repr(payload)))
        assert got.error_kind == "crashed", (payload, got)
    got = await call(sandbox, forge.replace("{payload}", repr(b'{"kind":"none","result":"[NaN]"}')))
    assert got.error_kind == "runtime"


async def test_code_that_forges_its_result_gains_no_time(sandbox, descendants):
    before = descendants()
    forge = """
        import gc, os
        job = next(o for o in gc.get_objects() if type(o).__name__ == "Job")
        payload = b'{"kind": "none", "result": "5"}'
        os.write(3, bytes.fromhex(job.token) + len(payload).to_bytes(4, "big") + payload)
        while True: pass
    """
    assert (await call(sandbox, forge, timeout_s=60)).result == 5
    for _ in range(100):
        if set(descendants()) <= set(before):
            break
        await asyncio.sleep(0.05)
    assert set(descendants()) <= set(before)


async def test_printing_a_result_is_printing(sandbox):
    got = await call(sandbox, """print('{"kind": "none", "result": "true"}')\nresult = False""")
    assert got.result is False


async def test_replaced_functions_do_not_change_how_the_child_reports(sandbox):
    code = """
        import atexit, builtins, json, os, sys, threading
        threading.Thread(target=lambda: None).start()
        json.dumps = lambda *a, **k: '"forged"'
        os.write = os._exit = sys.exit = None
        json.JSONEncoder.encode = lambda self, o: "forged"
        builtins.len = lambda x: 0
        builtins.isinstance = lambda *a: True
        atexit.register(lambda: os.write(3, b"late"))
        sys.stdout = sys.stderr = None
        result = "own"
    """
    got = await call(sandbox, code)
    assert (got.ok, got.result) in ((True, "own"), (False, None)), got


HELD = {
    "reading /etc/passwd": "open('/etc/passwd').read()",
    "reading the root folder": "import os; os.listdir('/')",
    "reading /root or /home": "import os; os.listdir('/root') + os.listdir('/home')",
    "reading the project": "open(PROJECT).read()",
    "its own memory": "open('/proc/self/mem', 'rb+')",
    "its own environment": "open('/proc/self/environ').read()",
    "the parent's environment": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "the parent's memory": "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
    "the parent's descriptors": "import os; os.readlink(f'/proc/{os.getppid()}/fd/3')",
    "process list": "import os; os.listdir('/proc')",
    "writing outside": "open('../other', 'w')",
    "writing to /tmp": "open('/tmp/skillrt-escape', 'w')",
    "writing to /dev/shm": "open('/dev/shm/skillrt-escape', 'w')",
    "writing among the libraries": "import os; open(os.path.join(os.path.dirname(os.__file__), 'x.py'), 'w')",
    "emptying a library": "import os; os.open(os.__file__, os.O_RDONLY | os.O_TRUNC)",
    "truncating a library": "import os; os.truncate(os.__file__, 0)",
    "link to a file outside": "import os; os.symlink('/etc/passwd', 'l'); open('l').read()",
    "hard link to a file outside": "import os; os.link('/etc/passwd', 'l'); open('l').read()",
    "moving a library here": "import os; os.rename(os.__file__, 'os.py')",
    "reading the siblings' folders": "import os; os.listdir('..')",
    "changing modes outside": "import os; os.chmod(os.__file__, 0o777)",
    "changing modes by descriptor": "import os; os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o777)",
    "changing owners": "import os; os.chown('.', 1, 1)",
    "changing times": "import os; os.utime(os.__file__)",
    "extended attributes": "import os; os.setxattr(os.__file__, 'user.x', b'1')",
    "fork": "import os; os.fork()",
    "vfork and exec": "import subprocess; subprocess.run(['/bin/true'])",
    "posix_spawn": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "shell": "import os\nif os.system('true') != 0: raise OSError",
    "popen": "import os\nif os.popen('echo out').read() != 'out\\n': raise OSError",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "multiprocessing": "import multiprocessing as m; p = m.get_context('fork').Process(target=print); p.start()",
    "network socket": "import socket; socket.socket()",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "netlink": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "datagram pair": "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "message with an address": "import socket; a, b = socket.socketpair(); a.sendto(b'x', '/run/x')",
    "sendmsg": "import socket; a, b = socket.socketpair(); a.sendmsg([b'x'])",
    "connecting a pair": "import socket; a, b = socket.socketpair(); a.connect('/run/x')",
    "name lookup": "import socket; socket.getaddrinfo('localhost', 80)",
    "signal to the parent": "import os; os.kill(os.getppid(), 9)",
    "signal to the group": "import os; os.killpg(0, 9)",
    "signal to everyone": "import os; os.kill(-1, 15)",
    "signal by descriptor": "import os, signal; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
    "signals by ownership of a descriptor": "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, 1)",
    "leaving the session": "import os; os.setsid()",
    "becoming root": "import os\nif os.getuid() != 0: os.setuid(0)\nelse: os.setuid(1)",
    "limits of the parent": "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))",
    "raising its limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "priority": "import os; os.nice(-5)",
    "chroot": "import os; os.chroot('.')",
    "device": "import os; os.mknod('d', 0o20666, os.makedev(1, 1))",
    "fifo": "import os; os.mkfifo('f')",
    "file without a name": "import os; os.open('.', os.O_TMPFILE | os.O_RDWR)",
    "file in memory": "import os; os.memfd_create('x')",
    "terminal": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
    "pipe size": "import fcntl, os; fcntl.fcntl(os.pipe()[0], 1031, 1 << 20)",
    "shared memory": "from multiprocessing import shared_memory as s; s.SharedMemory(create=True, size=10)",
    "hostname": "import socket; socket.sethostname('x')",
}

SYSCALLS = {
    "ptrace": (101, 16, 1), "process_vm_readv": (310, 1), "mount": (165,), "umount2": (166,), "unshare": (272, 0x10000000),
    "setns": (308, 3, 0), "bpf": (321,), "keyctl": (250, 0), "add_key": (248,), "request_key": (249,),
    "userfaultfd": (323, 0), "io_uring_setup": (425, 8), "perf_event_open": (298,), "kexec_load": (246,),
    "init_module": (175,), "open_by_handle_at": (304,), "pivot_root": (155,), "reboot": (169,), "swapon": (167,),
    "personality": (135, 0x40000), "acct": (163,), "quotactl": (179,), "iopl": (172, 3), "settimeofday": (164,),
    "clone with a namespace": (56, 0x10010000 | 0x800), "clone without a thread": (56, 17), "seccomp": (317, 1, 0),
    "prctl dumpable": (157, 4, 1), "capset": (126,), "fanotify_init": (300,), "inotify_init1": (294,),
    "memfd_secret": (447,), "pidfd_getfd": (438,), "mq_open": (240,), "shmget": (29, 0, 4096, 0o1600), "semget": (64,),
    "msgget": (68,), "vmsplice": (278,), "splice": (275,), "tee": (276,), "timer_create": (222,), "tgkill": (234, 1, 1, 9),
    "rt_sigqueueinfo": (129, 1, 9), "x32 getpid": (0x40000000 + 39,), "mlockall": (151, 3), "fork": (57,), "vfork": (58,),
    "execveat": (322,), "sched_setaffinity": (203,), "setpgid": (109, 0, 0), "creat": (85,), "linkat": (265,),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
async def test_what_is_forbidden_is_refused(sandbox, name):
    code = f"""
try:
    exec({HELD[name]!r}, {{"PROJECT": {__file__!r}}})
    result = "escaped"
except Exception as error:
    result = "refused " + type(error).__name__
"""
    got = await call(sandbox, code)
    assert got.ok, got
    assert got.result.startswith("refused "), got.result
    assert got.result.split()[1] in {
        "PermissionError",
        "OSError",
        "FileNotFoundError",
        "gaierror",
        "ValueError",
    }


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
async def test_forbidden_system_calls_are_refused_by_number(sandbox):
    code = f"""
        import ctypes, errno
        call = ctypes.CDLL(None, use_errno=True).syscall
        result = {{}}
        for name, numbers in {SYSCALLS!r}.items():
            ctypes.set_errno(0)
            answer = call(*[ctypes.c_long(n) for n in (numbers + (0,) * 7)[:7]])
            result[name] = [answer, errno.errorcode.get(ctypes.get_errno(), "none")]
    """
    got = await call(sandbox, code)
    assert got.ok, got
    assert got.result == {name: [-1, "EPERM"] for name in SYSCALLS}


async def test_the_child_holds_nothing_but_its_own_pipes(sandbox, monkeypatch):
    monkeypatch.setenv("SKILLRT_SECRET", "leaked")
    async with open_sandbox("cpython", LIMITS, HELPERS) as fresh:
        code = """
            import ctypes, os
            open_fds = []
            for fd in range(200):
                try:
                    os.fstat(fd)
                    open_fds.append(fd)
                except OSError:
                    pass
            libc = ctypes.CDLL(None)
            libc.getenv.restype = ctypes.c_char_p
            result = [open_fds, dict(os.environ), str(libc.getenv(b"SKILLRT_SECRET")), os.listdir(".")]
        """
        got = await call(fresh, code)
    assert got.result == [[0, 1, 2, 3], {}, "None", []]


LOOK_AROUND = """
import ctypes, gc, re, sys
text, bytes_ = re.compile("s3cr3t-[q]{20}"), re.compile(b"s3cr3t-[q]{20}")  # the secret itself is not in this code
def found(value):
    try:
        return bool(text.search(repr(value)[:10**6]))
    except Exception:
        return False
frame, locals_seen = sys._getframe(), 0
while frame:
    locals_seen += sum(found(value) for value in frame.f_locals.values())
    frame = frame.f_back
objects = sum(found(o) for o in gc.get_objects() if type(o) in (str, bytes, bytearray, list, dict, tuple))
raw = 0
for o in gc.get_objects()[::20]:  # whatever is left on the pages of objects that we know
    raw += bool(bytes_.search(ctypes.string_at(id(o) & ~0xfff, 4096)))
result = [locals_seen, objects, raw]
"""


async def test_one_call_cannot_see_another(sandbox):
    secret = "s3cr3t-" + "q" * 20
    seen = await call(sandbox, "kept = secret\n" + LOOK_AROUND, secret=secret, memory_mb=512)
    assert seen.ok, seen
    assert min(seen.result[:2]) > 0, "the search finds what is there"
    assert (await call(sandbox, "print(x)\nresult = x", x=secret)).ok
    napping = "import time\nprint(x, flush=True)\ntime.sleep(1.5)\nresult = x"
    slow = asyncio.create_task(call(sandbox, napping, x=secret))
    await asyncio.sleep(0.2)
    got = await call(sandbox, LOOK_AROUND, memory_mb=512)
    assert (await slow).ok
    assert got.result == [0, 0, 0], got


async def test_calls_run_at_once_and_are_not_mixed_up(sandbox):
    async def one(number: int) -> bool:
        got = await call(
            sandbox,
            "print(n)\nopen('f', 'x').write(str(n))\nresult = int(open('f').read())",
            n=number,
            timeout_s=30,
        )
        return got.result == number and got.stdout == f"{number}\n"

    assert all(await asyncio.gather(*(one(number) for number in range(150))))


async def test_large_inputs_go_through(sandbox):
    text = "语言" * 300_000
    got = await call(sandbox, "result = len(x)", x=text, memory_mb=64)
    assert got.result == 600_000
    small = await call(sandbox, "result = len(x)", x="x" * 6_000_000, memory_mb=2)
    assert small.error_kind == "memory"


async def test_a_cancelled_call_is_killed(sandbox):
    tasks = [asyncio.create_task(call(sandbox, "while True: pass", timeout_s=60)) for _ in range(5)]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    began = time.monotonic()
    assert all(
        isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*tasks, return_exceptions=True)
    )
    assert (await call(sandbox, "result = 3")).result == 3
    assert time.monotonic() - began < 10


async def test_closing_ends_calls_and_a_closed_sandbox_says_so():
    async with open_sandbox("cpython", LIMITS, Helpers()) as opened:
        running = asyncio.create_task(call(opened, "while True: pass", timeout_s=60))
        await asyncio.sleep(0.2)
    assert (await running).error_kind == "unavailable"
    assert (await call(opened, "result = 1")).error_kind == "unavailable"


async def test_helpers_that_do_not_load_are_told():
    broken = Helpers(hosted=(HostedHelper("x", "no_such_module:x"),))
    with pytest.raises(SandboxUnavailable, match="no_such_module"):
        async with open_sandbox("cpython", LIMITS, broken):
            pass


async def test_time_is_processor_time_and_waiting(sandbox):
    work = "import time\nwhile time.process_time() < 0.3: pass\nresult = 1"
    got = await call(sandbox, work)
    assert 0.2 < got.spent_s < 0.6
    got = await call(sandbox, "import time\ntime.sleep(0.4)\nresult = 1")
    assert 0.2 < got.spent_s < 0.6
    got = await call(sandbox, "result = 1")
    assert 0 < got.spent_s < 0.2


WAITS = [
    "import time\nwhile True: time.sleep(0.01)",
    "import os\nr, w = os.pipe()\nos.read(r, 1)",
    "import signal\nsignal.pause()",
    "import select\nselect.select([], [], [])",
    "import threading\nthreads = [threading.Thread(target=threading.Event().wait) for _ in range(2)]\n"
    "for thread in threads: thread.start()\nthreads[0].join()",
]


@pytest.mark.parametrize("code", WAITS)
async def test_who_waits_for_what_does_not_come_has_used_its_time(sandbox, code):
    got = await call(sandbox, code, timeout_s=0.3, memory_mb=256)
    assert got.error_kind == "timeout"
    assert 0.3 <= got.spent_s < 0.6


async def test_all_threads_spend_processor_time(sandbox):
    code = """
        import threading, zlib
        data = bytes(1 << 20)
        def work():
            while True: zlib.compress(data)
        for _ in range(3): threading.Thread(target=work).start()
    """
    assert (
        await call(sandbox, code + "    \n        while True: work()", timeout_s=0.3)
    ).error_kind == "timeout"
