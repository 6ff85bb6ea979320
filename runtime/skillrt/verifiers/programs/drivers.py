"""The code of ours that runs inside the sandbox, around code of others.

The foreign source comes in as an input and runs in a namespace of its own, so that a variable which it
happens to call ``result`` is not taken for ours. What it should print or return never goes in: the comparison
is made outside, of what comes out, which is anybody's word. Whatever the foreign code does to this code in
its process (patches, closes, exits, threads left behind) makes its own run fail and no other.
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

# Integers of any length cross the wall as {"0x": hexadecimal}: the wall's own are bounded.
_PLAIN = """\
import atexit, sys, threading, time, _thread
sys.set_int_max_str_digits(0)

def plain(value, depth=0):
    if depth > 40:
        raise ValueError("nested too deep")
    if type(value) is int and value.bit_length() > 1024:
        return {"0x": hex(value)}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (list, tuple)) or type(value).__name__ in ("deque", "dict_values", "dict_keys"):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [plain(item, depth + 1) for item in sorted(value)]
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    for base in (int, float, str):
        if isinstance(value, base):
            return plain(base(value), depth)
    return nodes(value, depth)

def nodes(value, depth):
    raise TypeError("returned a " + type(value).__name__)

def given_value(value):
    if isinstance(value, dict):
        if list(value) == ["0x"]:
            return int(value["0x"], 16)
        return {key: given_value(item) for key, item in value.items()}
    return [given_value(item) for item in value] if isinstance(value, list) else value
"""

# Nodes as interview sites show them: a tree level by level, with None for a child that is not there.
_NODES = """\
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right

class ListNode:
    def __init__(self, val=0, next=None):
        self.val, self.next = val, next

MOST_NODES = 20_000

def tree_of(values):
    rest = iter(values)
    root = next((TreeNode(value) for value in rest if value is not None), None)
    waiting = collections.deque([root])
    for value in rest:
        left = None if value is None else TreeNode(value)
        value = next(rest, None)
        right = None if value is None else TreeNode(value)
        parent = waiting.popleft() if waiting else None
        if parent is None:
            raise RuntimeError("the example shows no tree")
        parent.left, parent.right = left, right
        waiting.extend(child for child in (left, right) if child is not None)
    return root

def list_of(values):
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head

def walk(start):
    waiting = collections.deque([start])
    while waiting:
        node = waiting.popleft()
        if node is not None:
            yield node
            waiting.extend(getattr(node, name) for name in ("left", "right", "next") if hasattr(node, name))

def shaped(shapes, values):
    made = []
    for shape, value in zip(shapes, values):
        if isinstance(shape, int):
            made.append(next(node for node in walk(made[shape]) if node.val == value))
        elif shape.endswith("s") and value is not None:
            made.append([tree_of(item) if shape == "trees" else list_of(item) for item in value])
        else:
            make = {"tree": tree_of, "list": list_of}.get(shape)
            made.append(make(value or []) if make else value)
    return made

def nodes(value, depth):
    shown, kind = [], "list"
    if hasattr(value, "left") and hasattr(value, "right"):
        kind, waiting = "tree", collections.deque([value])
        while waiting and len(shown) < MOST_NODES:
            node = waiting.popleft()
            shown.append(None if node is None else plain(node.val, depth + 1))
            if node is not None:
                waiting += [node.left, node.right]
        while shown and shown[-1] is None:
            shown.pop()
    elif hasattr(value, "next"):
        while value is not None and len(shown) < MOST_NODES:
            shown.append(plain(value.val, depth + 1))
            value = value.next
    else:
        raise TypeError("returned a " + type(value).__name__)
    if len(shown) >= MOST_NODES:
        raise ValueError("returned nodes without an end")
    return {kind: shown}
"""

_CALL = f"""
import collections

def once(arguments):
    arguments = given_value(arguments)
    space = {{"__name__": "candidate"}}
    exec({_IMPORTS!r}, space)
    if shapes:
        space.update(TreeNode=TreeNode, ListNode=ListNode)
        arguments = shaped(shapes, arguments)
    exec(compile(source, "candidate", "exec", dont_inherit=True), space)
    target = getattr(space[owner](), name) if owner else space[name]
    kept = list(arguments)
    try:
        value = target(*arguments)
    except SystemExit:
        raise RuntimeError("called exit instead of returning") from None
    return [plain(value), changed(kept) if value is None or in_place else None]

def changed(arguments):
    try:
        return [plain(argument) for argument in arguments]
    except Exception:
        return None
"""

# The streams are files in the call's folder: they hold any sample, and `os.read(0)` or `os.write(1)`, which
# fast programs use, meet the same bytes as `input` and `print`.
_PROGRAM = """
import io, json, os

MOST, MOST_JSON, dumps = 60_000, 90_000, json.dumps
# No file outside of the call's folder can be opened, and these are the streams.
for number, path in enumerate(("/dev/stdin", "/dev/stdout", "/dev/stderr")):
    source = source.replace(repr(path), str(number)).replace(f'"{path}"', str(number))

def once(stdin):
    with open("stdin", "wb") as file:
        file.write(stdin.encode())
    reader = os.open("stdin", os.O_RDONLY)
    writer = os.open("stdout", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.dup2(reader, 0)
    os.dup2(writer, 1)
    os.close(reader)
    kept, sys.stdin = sys.stdout, open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = catcher = open(1, "w", encoding="utf-8", closefd=False)
    try:
        try:
            exec(compile(source, "candidate", "exec", dont_inherit=True), {"__name__": "__main__"})
        except SystemExit as left:
            if left.code is not None and left.code != 0:
                raise RuntimeError(f"ended with exit status {left.code!s:.40}") from None
        ending()
        for stream in (sys.stdout, catcher):
            if hasattr(stream, "flush"):
                stream.flush()
    finally:
        sys.stdout = sys.__stdout__ = kept
    size = os.fstat(writer).st_size
    os.lseek(writer, 0, os.SEEK_SET)
    with open(writer, "rb") as file:
        text = file.read(size).decode("utf-8", "replace")
    if len(text) > MOST:
        text = " ".join(text.split())
    long = len(text) > MOST_JSON or len(dumps(text)) > MOST_JSON
    return {"long": len(text)} if long else text
"""

# As the interpreter ends: threads are waited for unless they are daemons, then what was registered runs.
_ENDING = """
join_threads, sleep = threading._shutdown, time.sleep
started, ended = [], []
atexit._clear()

def counting(start):
    def start_counted(function, *rest, **more):
        def run(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            finally:
                ended.append(True)
        begun = start(run, *rest, **more)
        started.append(True)
        return begun
    return start_counted

for module in (_thread, threading):
    for word in ("start_new_thread", "start_new", "start_joinable_thread"):
        for word in (word, "_" + word):
            if hasattr(module, word):
                setattr(module, word, counting(getattr(module, word)))

def ending():
    if started:
        end_threads()
    atexit._run_exitfuncs()

def still_there(patience_s):
    for _ in range(20):
        if len(ended) >= len(started):
            return False
        sleep(patience_s / 20)
    return True
"""

_ONE = """
def end_threads():
    join_threads()
    if still_there(0.5):
        raise RuntimeError("left a thread behind")

gave = [once(given)]
ending()
result = {"gave": gave, "error": None}
"""

# Anything but an ordinary exception ends the run, and each example gets one of its own.
_ALL = """
import traceback

class Apart(BaseException):
    pass

def end_threads():
    if still_there(0.02):
        raise Apart("a thread goes on, and would disturb the next example")

gave, error = [], None
for each in given:
    try:
        gave.append(once(each))
        ending()
    except MemoryError:
        raise
    except Exception as raised:
        error = "".join(traceback.format_exception_only(raised)).strip().splitlines()[-1]
        break
result = {"gave": gave, "error": error}
"""

CALL = _PLAIN + _CALL + _ENDING + _ONE
"""Gives what the function returns for one example's arguments, ``given``, and what became of these."""
CALLS = _PLAIN + _CALL + _ENDING + _ALL
"""The same for the arguments of several examples, until one raises."""
NODE_CALL = _PLAIN + _NODES + _CALL + _ENDING + _ONE
"""``CALL`` where some argument is a tree or a linked list, as ``shapes`` says."""
NODE_CALLS = _PLAIN + _NODES + _CALL + _ENDING + _ALL
"""The same for the arguments of several examples, until one raises."""
PROGRAM = _PLAIN + _PROGRAM + _ENDING + _ONE
"""Gives what the program prints for one example's input, ``given``."""
PROGRAMS = _PLAIN + _PROGRAM + _ENDING + _ALL
"""The same for the inputs of several examples, until one raises."""

CHECKER = """\
import _thread, ast, builtins, os, sys

# nltk wants a home for downloads, which never come, and finds data that lies beside installed packages.
os.environ["HOME"] = os.getcwd()
os.environ["NLTK_DATA"] = os.pathsep.join(folder + "/nltk_data" for folder in sys.path)

def imports(tree):
    # They run first, in the globals. One inside a function may be for a case that never comes.
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            yield ast.Module([node], []), node in tree.body

def check(truth, fstat, threads, table, broken):
    # What decides comes as an argument: foreign code may put others in the places of the builtins.
    space, intact = {"__name__": "checker"}, {**table}
    streams = [fstat(number) for number in (0, 1, 2)]
    tree = ast.parse(source, "checker")
    for module, needed in [*imports(tree)]:
        try:
            exec(compile(module, "checker", "exec", dont_inherit=True), space)
        except Exception:
            if needed:
                raise
    exec(compile(tree, "checker", "exec", dont_inherit=True), space)
    met = truth(space["check_following"](instruction, response))
    if threads():
        raise broken("the checker left a thread behind")
    for name in intact:
        if table.get(name) is not intact[name]:
            raise broken("the checker changed the builtins")
    for number in (0, 1, 2):
        now, then = fstat(number), streams[number]
        if (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino):
            raise broken("the checker changed the standard descriptors")
    return met

leaves, broken = SystemExit, RuntimeError
try:
    result = {"met": check(bool, os.fstat, _thread._count, vars(builtins), broken)}
except leaves:
    # Leaving early would leave whatever `result` holds by then.
    raise broken("the checker called exit") from None
"""
"""Whether ``check_following`` of ``source`` gives a true value for the response; any disturbance raises."""
