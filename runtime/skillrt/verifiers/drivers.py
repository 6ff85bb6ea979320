"""The code of ours that runs inside the sandbox, around code of others.

The foreign source comes in as an input and runs in a namespace of its own, so that a variable which it
happens to call `result` is not taken for ours. What it should print or return never goes in: the comparison
is made outside.
"""

from __future__ import annotations

# What LeetCode has imported before a solution runs; builtins last, because `math` has a `pow` of its own.
_IMPORTS = """\
from typing import *
from collections import *
from functools import *
from itertools import *
from heapq import *
from bisect import *
from math import *
import bisect, collections, copy, datetime, functools, heapq, itertools, math, operator
import random, re, string, sys
from builtins import *
"""

_PLAIN = """\
def plain(value, depth=0):
    if depth > 40:
        raise ValueError("nested too deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (list, tuple)) or type(value).__name__ in ("deque", "dict_values", "dict_keys"):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [plain(item, depth + 1) for item in sorted(value)]
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (bool, int, float, str)):
        return type(value).__mro__[-2](value)
    raise TypeError("returned a " + type(value).__name__)
"""

_CALL = f"""
def once(arguments):
    space = {{"__name__": "candidate"}}
    exec({_IMPORTS!r}, space)
    exec(compile(source, "candidate", "exec", dont_inherit=True), space)
    target = getattr(space[owner](), name) if owner else space[name]
    try:
        value = target(*arguments)
    except SystemExit:
        raise RuntimeError("called exit instead of returning") from None
    return plain(value)
"""

_PROGRAM = """
import io, os, sys

def once(stdin):
    data = stdin.encode()
    try:
        # `open(0)` is a common way to read everything, and a pipe holds any sample that a prompt shows.
        if len(data) > 60_000:
            raise OSError
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
        if reader != 0:
            os.dup2(reader, 0)
            os.close(reader)
        sys.stdin = open(0, closefd=False)
    except OSError:
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
    printed = io.BytesIO()
    kept = sys.stdout
    sys.stdout = catcher = io.TextIOWrapper(printed, write_through=True)
    try:
        exec(compile(source, "candidate", "exec", dont_inherit=True), {"__name__": "__main__"})
    except SystemExit:
        pass
    finally:
        sys.stdout = kept
    catcher.flush()
    return printed.getvalue()[:16_000].decode("utf-8", "replace")
"""

_ONE = """
result = {"gave": [once(given)], "error": None}
"""

# Anything but an ordinary exception ends the run, and each example gets one of its own.
_ALL = """
import threading, traceback
gave, error = [], None
for one in given:
    try:
        gave.append(once(one))
    except MemoryError:
        raise
    except Exception as raised:
        error = "".join(traceback.format_exception_only(raised)).strip().splitlines()[-1]
        break
    if threading.active_count() > 1:
        raise RuntimeError("a thread goes on, and would disturb the next example")
result = {"gave": gave, "error": error}
"""

CALL = _PLAIN + _CALL + _ONE
"""Gives what the function returns for one example's arguments, ``given``."""
CALLS = _PLAIN + _CALL + _ALL
"""The same for the arguments of several examples, until one raises."""
PROGRAM = _PROGRAM + _ONE
"""Gives what the program prints for one example's input, ``given``."""
PROGRAMS = _PROGRAM + _ALL
"""The same for the inputs of several examples, until one raises."""

CHECKER = """\
import _thread, builtins
space = {"__name__": "checker"}
intact = dict(vars(builtins))
try:
    exec(compile(source, "checker", "exec", dont_inherit=True), space)
    check = space["check_following"]
except MemoryError:
    raise
except BaseException as broken:
    result = {"broken": type(broken).__name__[:80]}
else:
    try:
        met = not not check(instruction, response)
    except SystemExit:
        # Leaving early would leave whatever `result` holds by then.
        raise RuntimeError("the checker called exit") from None
    if _thread._count():
        raise RuntimeError("the checker left a thread behind")
    for name in intact:
        if vars(builtins).get(name) is not intact[name]:
            raise RuntimeError("the checker's builtins were changed")
    result = {"bool": met}
"""
"""Whether a checker is met by ``response``: any true value is; ``broken`` names why the source, which knows
nothing of the response yet, gives no checker at all."""
