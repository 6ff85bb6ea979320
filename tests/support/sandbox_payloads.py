"""Payloads for the sandboxes: a name and the code, which sets `result` to "out" where it worked.

`SECRET` stands for the path of a file that nobody in a sandbox may read or change.
"""

# ruff: noqa: E501

from __future__ import annotations

READS = {
    "open": "open('SECRET').read()",
    "os.open": "os.read(os.open('SECRET', os.O_RDONLY), 99)",
    "O_PATH and /proc/self/fd": "fd = os.open('SECRET', os.O_PATH)\nopen(f'/proc/self/fd/{fd}').read()",
    "by a folder's descriptor": "d = os.open('/tmp', os.O_PATH)\nos.read(os.open('SECRET'.split('/tmp/')[1], os.O_RDONLY, dir_fd=d), 99)",
    "by leaving the folder": "os.chdir('/tmp')\nopen('SECRET').read()",
    "by many dots": "open('../' * 20 + 'SECRET').read()",
    "by a link": "os.symlink('SECRET', 'l')\nopen('l').read()",
    "by a hard link": "os.link('SECRET', 'l')\nopen('l').read()",
    "by moving it here": "os.rename('SECRET', 's')\nopen('s').read()",
    "by /proc/self/root": "open('/proc/self/root' + 'SECRET').read()",
    "by the parent's root": "open(f'/proc/{os.getppid()}/root' + 'SECRET').read()",
    "by the parent's folder": "os.listdir(f'/proc/{os.getppid()}/cwd')",
    "by a mapping": "import mmap\nmmap.mmap(os.open('SECRET', os.O_RDONLY), 0)",
    "by sendfile": "os.sendfile(1, os.open('SECRET', os.O_RDONLY), 0, 99)",
    "by copy_file_range": "os.copy_file_range(os.open('SECRET', os.O_RDONLY), 1, 99)",
    "by an import": "import sys\nsys.path.insert(0, '/tmp')\nimport importlib.util\nimportlib.util.spec_from_file_location('s', 'SECRET').loader.get_data('SECRET')",
    "by linecache": "import linecache\nlinecache.getlines('SECRET')[0]",
    "by ctypes": "import ctypes\nc = ctypes.CDLL(None)\nfd = c.open(b'SECRET', 0)\nassert fd >= 0",
    "by a raw call": "import ctypes\nassert ctypes.CDLL(None).syscall(2, b'SECRET', 0) >= 0",
    "by openat2": "import ctypes\nassert ctypes.CDLL(None).syscall(437, -100, b'SECRET', bytes(24), 24) >= 0",
    "by a handle": "import ctypes\nassert ctypes.CDLL(None).syscall(304, 3, bytes(64), 0) >= 0",
    "by io_uring": "import ctypes\nassert ctypes.CDLL(None).syscall(425, 8, bytes(120)) >= 0",
    "by exec": "os.execv('/bin/cat', ['cat', 'SECRET'])",
    "by a shell": "assert os.system('cat SECRET') == 0",
    "by a subprocess": "import subprocess\nsubprocess.check_output(['cat', 'SECRET'])",
    "by a mount": "import ctypes\nassert ctypes.CDLL(None).mount(b'/tmp', b'.', None, 4096, None) == 0",
    "by leaving the mounts": "import ctypes\nassert ctypes.CDLL(None).umount2(b'.', 2) == 0",
    "by another namespace": "import ctypes\nassert ctypes.CDLL(None).unshare(0x10020000) == 0",
    "by the parent's namespace": "import ctypes\nassert ctypes.CDLL(None).setns(os.open(f'/proc/{os.getppid()}/ns/mnt', os.O_RDONLY), 0) == 0",
    "by chroot": "os.chroot('.')",
    "the environment's key": "assert 'PAYLOAD_KEY' in os.environ or b'PAYLOAD' in open('/proc/self/environ', 'rb').read()",
    "the parent's environment": "open(f'/proc/{os.getppid()}/environ').read()",
    "our arguments": "import sys\nassert len(sys.argv) > 1 or sys.orig_argv",
    "a ptrace": "import ctypes\nassert ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0",
    "the parent's memory": "import ctypes\nassert ctypes.CDLL(None).syscall(310, os.getppid(), 0, 0, 0, 0, 0) >= 0",
    "a descriptor of the parent": "import ctypes\nassert ctypes.CDLL(None).syscall(438, os.pidfd_open(os.getppid()), 3, 0) >= 0",
}
WRITES = {
    "writing": "open('SECRET', 'w')",
    "appending": "open('SECRET', 'a')",
    "emptying": "os.truncate('SECRET', 0)",
    "emptying by opening": "os.open('SECRET', os.O_RDONLY | os.O_TRUNC)",
    "removing": "os.remove('SECRET')",
    "modes": "os.chmod('SECRET', 0)",
    "owner": "os.chown('SECRET', 1, 1)",
    "times": "os.utime('SECRET')",
    "attributes": "os.setxattr('SECRET', 'user.x', b'1')",
    "a file beside it": "open('/tmp/payload-was-here', 'w')",
    "a folder beside it": "os.mkdir('/tmp/payload-was-here')",
    "shared memory": "open('/dev/shm/payload-was-here', 'w')",
    "a library": "open(os.__file__, 'a')",
    "a signal to the parent": "os.kill(os.getppid(), 9)",
    "a signal to all": "os.kill(-1, 9)",
    "a stop of the parent": "import signal\nos.kill(os.getppid(), signal.SIGSTOP)",
    "a socket": "import socket\nsocket.create_connection(('127.0.0.1', 80), 1)",
    "a raw socket": "import ctypes\nassert ctypes.CDLL(None).socket(2, 1, 0) >= 0",
    "a socket of the machine": "import socket\nsocket.socket(socket.AF_UNIX).connect('/run/x')",
    "root": "os.setresuid(0, 0, 0)\nos.setresgid(0, 0, 0)\nassert os.getuid() == 0",
    "capabilities": "import ctypes, struct\nassert ctypes.CDLL(None).syscall(126, struct.pack('=Ii', 0x20080522, 0), b'\\xff' * 24) == 0",
    "other limits": "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))",
}
STAYS = {
    "a fork bomb": ("while True:\n    try: os.fork()\n    except OSError: break\nraise SystemError", "runtime"),
    "threads without end": ("import threading, time\nthreading.stack_size(32768)\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()", "runtime"),
    "a full folder": ("n = 0\nwhile True:\n    open(str(n), 'wb').write(bytes(5000))\n    n += 1", "output"),
    "a deep folder": ("while True:\n    os.mkdir('d')\n    os.chdir('d')\n    open('f', 'wb').write(bytes(900))", "output"),
    "files without a name": ("import time\nk = []\nwhile True:\n    k.append(open('f', 'wb', buffering=0))\n    k[-1].write(bytes(9000))\n    os.remove('f')", "output"),
    "all memory": ("k = []\nwhile True: k.append(bytes(100_000))", "memory"),
    "a flood": ("while True: print('x' * 1000)", "output"),
    "an endless loop": ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "timeout"),
    "ignored signals": ("import signal\nfor s in range(1, 60):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass", "timeout"),
    "a closed result": ("for fd in range(3, 60):\n    try: os.close(fd)\n    except OSError: pass", "crashed"),
}  # fmt: skip


def _attempt(code: str) -> str:
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    return f"import os\ntry:\n{lines}\n    result = 'out'\nexcept BaseException as error:\n    result = 'held by ' + type(error).__name__\n"


CPYTHON = {
    **{f"reading: {name}": _attempt(code) for name, code in READS.items()},
    **{f"changing: {name}": _attempt(code) for name, code in WRITES.items()},
    **{name: f"import os\n{code}" for name, (code, _) in STAYS.items()},
}
THAT_STAY = {name: kind for name, (_, kind) in STAYS.items()}
"""Payloads against the machine: how each must end."""

_MONTY_TRIES = (
    "open('SECRET').read()",
    "open('SECRET', 'w').write('x')",
    "import io\nio.open('SECRET').read()",
    "from pathlib import Path\nPath('SECRET').read_text()",
    "from pathlib import Path\nPath('SECRET').write_text('x')",
    "from pathlib import Path\nPath('SECRET').unlink()",
    "from pathlib import Path\nlist(Path('/').iterdir())[0]",
    "from pathlib import Path\nassert Path('SECRET').exists()",
    "from pathlib import Path\nPath('SECRET').stat()",
    "import os\nos.listdir('/')",
    "import os\nos.environ['PAYLOAD_KEY']",
    "import os\nassert os.getenv('PAYLOAD_KEY')",
    "import os\nos.system('cat SECRET')",
    "import os\nos.remove('SECRET')",
    "import os\nos.kill(1, 9)",
    "import os\nos.fork()",
    "import subprocess\nsubprocess.run(['cat', 'SECRET'])",
    "import socket\nsocket.socket()",
    "import ctypes\nctypes.CDLL(None)",
    "import urllib.request\nurllib.request.urlopen('http://127.0.0.1')",
    "import importlib\nimportlib.import_module('os').listdir('/')",
    "__import__('os').listdir('/')",
    "import sys\nsys.modules['os'].listdir('/')",
    "import json\njson.codecs.open('SECRET')",
    "import json\njson.decoder.scanner",
    "import re\nre.enum.sys",
    "import math\nmath.__loader__.load_module('os')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__[1].__subclasses__()",
    "(lambda: 0).__globals__['__builtins__']",
    "(lambda: 0).__code__.replace(co_consts=())",
    "g = (x for x in [1])\ng.gi_frame.f_back",
    "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_globals['open']",
    "class A:\n    pass\nA.__init__.__globals__['open']",
    "assert 'built' in '{0.__init__.__globals__}'.format(int)",
    "eval('open(\"SECRET\").read()')",
    "exec('import os; os.listdir(\"/\")')",
    "compile('1', 'x', 'exec')",
    "globals()['__builtins__']['open']('SECRET')",
    "vars()['__builtins__']",
    "getattr(open, '__self__').eval('1')",
    "breakpoint()",
    "input()",
    "import pickle\npickle.loads(b'x')",
    "import asyncio\nasyncio.create_subprocess_exec('cat', 'SECRET').send(None)",
    "import builtins\nbuiltins.open('SECRET').read()",
)
MONTY = {code: f"{code}\nresult = 'out'" for code in _MONTY_TRIES}
