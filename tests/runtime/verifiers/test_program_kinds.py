"""Programs as people write them, on examples as tasks show them: each right one passes or is left open."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from skillrt.sandbox import Sandbox
from skillrt.verifiers import code_examples

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSED, OPEN, FAILED = "passed", "open", "failed"


async def judge(prompt: str, code: str, sandbox: Sandbox) -> str:
    result = await code_examples(prompt, {"A": f"```python\n{code}\n```", "B": "None."}, sandbox)
    finding = result.of("A")
    assert result.winner == ("A" if finding.matched else None), finding
    return PASSED if finding.matched else FAILED if finding.certain else OPEN


def calls(said: str, *examples: tuple[str, str]) -> str:
    shown = [
        f"Example {number}:\n\nInput: {given}\nOutput: {result}\n\n"
        for number, (given, result) in enumerate(examples, 1)
    ]
    return f"{said}\n\n" + "".join(shown)


def prints(said: str, given: str, result: str) -> str:
    return f"{said}\n\nSample Input:\n{given}\n\nSample Output:\n{result}\n"


DEPTH = calls(
    "Given the root of a binary tree, return its maximum depth.",
    ("root = [3,9,20,null,null,15,7]", "3"),
    ("root = [1,null,2]", "2"),
    ("root = []", "0"),
)
INVERT = calls(
    "Given the root of a binary tree, invert the tree, and return its root.",
    ("root = [4,2,7,1,3,6,9]", "[4,7,2,9,6,3,1]"),
    ("root = [2,1]", "[2,null,1]"),
    ("root = []", "[]"),
)
REVERSE = calls(
    "Given the head of a singly linked list, reverse the list, and return the reversed list.",
    ("head = [1,2,3]", "[3,2,1]"),
    ("head = []", "[]"),
)
MERGE = calls(
    "You are given an array of k linked-lists lists. Merge them into one sorted linked-list.",
    ("lists = [[1,4,5],[1,3,4],[2,6]]", "[1,1,2,3,4,4,5,6]"),
    ("lists = []", "[]"),
    ("lists = [[]]", "[]"),
)
ANCESTOR = calls(
    "Given a binary search tree (BST), find the lowest common ancestor of two given nodes p and q.",
    ("root = [6,2,8,0,4,7,9], p = 2, q = 8", "6"),
    ("root = [6,2,8,0,4,7,9], p = 2, q = 4", "2"),
)
SEARCH = calls(
    "Find the node in the BST whose value equals val and return the subtree rooted there, or null.",
    ("root = [4,2,7,1,3], val = 2", "[2,1,3]"),
    ("root = [4,2,7,1,3], val = 5", "[]"),
)
FLATTEN = calls(
    "Given the root of a binary tree, flatten the tree into a linked list in-place.\n\n"
    "Do not return anything.",
    ("root = [1,2,5,3,4,null,6]", "[1,null,2,null,3,null,4,null,5,null,6]"),
    ("root = []", "[]"),
)
TO_TREE = calls(
    "Given the sorted array nums, convert it to a binary search tree. The middle, to the left, is the root.",
    ("nums = [1,2,3]", "[2,1,3]"),
)
CYCLE = calls("Return true if there is a cycle in the linked list.", ("head = [3,2,0,-4], pos = 1", "true"))

NODES = [
    (DEPTH, PASSED, "class Solution:\n    def maxDepth(self, root: Optional[TreeNode]) -> int:\n"
     "        return 0 if not root else 1 + max(self.maxDepth(root.left), self.maxDepth(root.right))"),
    (DEPTH, PASSED, "def depth(root):\n    return 0 if not root else 1 + max(depth(root.left), depth(root.right))"),
    (DEPTH, FAILED, "class Solution:\n    def maxDepth(self, root):\n        return len(bin(len(root))) - 2"),
    (DEPTH, FAILED, "def depth(root: TreeNode):\n    return 0 if not root else 1 + depth(root.left)"),
    (DEPTH, OPEN, "from typing import List\ndef depth(root: List[int]):\n    return len(bin(len(root))) - 2"),
    (DEPTH, OPEN, "class TreeNode:\n    def __init__(self, v): self.value, self.left, self.right = v, None, None\n"
     "def depth(root):\n    return root.value"),
    (DEPTH, PASSED, "class TreeNode:\n    def __init__(self, val=0, left=None, right=None):\n"
     "        self.val, self.left, self.right = val, left, right\n"
     "def depth(root):\n    return 0 if root is None else 1 + max(depth(root.left), depth(root.right))"),
    (INVERT, PASSED, "class Solution:\n    def invertTree(self, root: Optional[TreeNode]) -> Optional[TreeNode]:\n"
     "        if root: root.left, root.right = self.invertTree(root.right), self.invertTree(root.left)\n        return root"),
    (INVERT, PASSED, "def invert(root: TreeNode) -> TreeNode:\n"
     "    return root and TreeNode(root.val, invert(root.right), invert(root.left))"),
    (INVERT, FAILED, "def invert(root: TreeNode) -> TreeNode:\n    return root"),
    (INVERT, FAILED, "def invert(root):\n    if root: root.left = root\n    return root"),
    (REVERSE, PASSED, "class Solution:\n    def reverseList(self, head: Optional[ListNode]) -> Optional[ListNode]:\n"
     "        last = None\n        while head:\n            head.next, last, head = last, head, head.next\n        return last"),
    (REVERSE, FAILED, "def f(head: Optional[ListNode]) -> Optional[ListNode]:\n    return head"),
    (REVERSE, FAILED, "def f(head):\n    head.next = head\n    return head"),
    (REVERSE, FAILED, "def f(head):\n    return head[::-1]"),
    (MERGE, PASSED, "class Solution:\n    def mergeKLists(self, lists: List[Optional[ListNode]]) -> Optional[ListNode]:\n"
     "        values = []\n        for node in lists:\n            while node:\n                values.append(node.val)\n"
     "                node = node.next\n        head = None\n        for value in sorted(values, reverse=True):\n"
     "            head = ListNode(value, head)\n        return head"),
    (ANCESTOR, PASSED, "class Solution:\n"
     "    def lowest(self, root: 'TreeNode', p: 'TreeNode', q: 'TreeNode') -> 'TreeNode':\n"
     "        while (root.val - p.val) * (root.val - q.val) > 0:\n"
     "            root = root.left if p.val < root.val else root.right\n        return root"),
    (ANCESTOR, FAILED, "def lowest(root: TreeNode, p: TreeNode, q: TreeNode) -> TreeNode:\n    return p"),
    (ANCESTOR, OPEN, "def lowest(root, p, q):\n    return root"),
    (SEARCH, PASSED, "def search(root: TreeNode, val: int) -> TreeNode:\n"
     "    while root and root.val != val: root = root.left if val < root.val else root.right\n    return root"),
    (SEARCH, OPEN, "def search(root, val):\n"
     "    while root and root.val != val: root = root.left if val < root.val else root.right\n    return root"),
    (FLATTEN, PASSED, "class Solution:\n    def flatten(self, root: Optional[TreeNode]) -> None:\n"
     "        last = None\n        def walk(node):\n            nonlocal last\n            if node:\n"
     "                walk(node.right); walk(node.left)\n                node.left, node.right, last = None, last, node\n"
     "        walk(root)"),
    (FLATTEN, FAILED, "def flatten(root: Optional[TreeNode]) -> None:\n    pass"),
    (TO_TREE, PASSED, "class Solution:\n    def f(self, nums: List[int]) -> Optional[TreeNode]:\n        if not nums: return None\n"
     "        m = len(nums) // 2\n        return TreeNode(nums[m], self.f(nums[:m]), self.f(nums[m + 1:]))"),
    (CYCLE, OPEN, "def hasCycle(head: ListNode) -> bool:\n    return True"),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "outcome", "code"), NODES)
async def test_trees_and_linked_lists(prompt: str, outcome: str, code: str, sandbox: Sandbox) -> None:
    assert await judge(prompt, code, sandbox) == outcome


async def test_the_signature_in_the_task_says_what_an_argument_is(sandbox: Sandbox) -> None:
    said = "Walk the structure.\n\nclass Solution:\n    def first(self, start: Optional[ListNode]) -> int:\n"
    prompt = calls(said, ("start = [7,8]", "7"))
    assert (
        await judge(prompt, "class Solution:\n    def first(self, start): return start.val", sandbox)
        == PASSED
    )
    assert (
        await judge(prompt, "class Solution:\n    def first(self, start): return start[0]", sandbox) == FAILED
    )
    java = calls("The method is `int first(ListNode start)` on a linked list.", ("start = [7,8]", "7"))
    assert await judge(java, "def first(start): return start.val", sandbox) == PASSED
    plain = calls("A binary tree as a list:\n\ndef size(root: List[int]) -> int:\n", ("root = [7,8]", "2"))
    assert await judge(plain, "def size(root): return len(root)", sandbox) == PASSED


@pytest.mark.parametrize(
    "said",
    ["Given the root of an n-ary tree, return it.", "A linked list has a random pointer. Copy the list."],
)
async def test_nodes_that_are_not_known_are_left_open(said: str, sandbox: Sandbox) -> None:
    prompt = calls(said, ("root = [1,null,3,2]", "[1,null,3,2]"), ("root = []", "[]"))
    assert await judge(prompt, "def f(root: 'Node') -> 'Node': return root.children", sandbox) == OPEN


ZEROS = "Move all 0's of nums to its end, keeping the order of the others. Do this in-place."
ASKED = calls(f"{ZEROS} Do not return anything.", ("nums = [0,1,0,3]", "[1,3,0,0]"), ("nums = [0]", "[0]"))
NAMED = calls(ZEROS, ("nums = [0,1,0,3]", "[1,3,0,0]"), ("nums = [0]", "[0]"))
SILENT = calls("Move all 0's of nums to its end.", ("nums = [0,1,0,3]", "[1,3,0,0]"), ("nums = [0]", "[0]"))
CHANGES = "def f(nums: List[int]) -> None:\n    nums.sort(key=lambda n: n == 0)"
GIVES = "def f(nums):\n    return sorted(nums, key=lambda n: n == 0)"
BOTH = "def f(nums):\n    nums.sort(key=lambda n: n == 0)\n    return nums"
NOTHING = "def f(nums):\n    pass"
BADLY = "def f(nums):\n    nums.sort()"
MERGED = calls(
    "Merge nums1 and nums2 into one sorted array, stored inside nums1. Modify nums1 in-place.",
    ("nums1 = [1,2,3,0,0,0], m = 3, nums2 = [2,5,6], n = 3", "[1,2,2,3,5,6]"),
)


@pytest.mark.parametrize(
    ("prompt", "code", "outcome"),
    [
        (ASKED, CHANGES, PASSED),
        (ASKED, BOTH, PASSED),
        (ASKED, GIVES, OPEN),
        (ASKED, NOTHING, FAILED),
        (ASKED, BADLY, FAILED),
        (NAMED, CHANGES, PASSED),
        (NAMED, GIVES, PASSED),
        (NAMED, BOTH, PASSED),
        (NAMED, NOTHING, FAILED),
        (NAMED, BADLY, FAILED),
        (SILENT, CHANGES, OPEN),
        (SILENT, GIVES, PASSED),
        (SILENT, NOTHING, FAILED),
        (SILENT, BADLY, FAILED),
        (MERGED, "def merge(nums1, m, nums2, n):\n    nums1[m:] = nums2\n    nums1.sort()", PASSED),
        (MERGED, "def merge(nums1, m, nums2, n):\n    nums1[m:] = nums2", FAILED),
    ],
)
async def test_functions_that_change_their_argument(
    prompt: str, code: str, outcome: str, sandbox: Sandbox
) -> None:
    assert await judge(prompt, code, sandbox) == outcome


async def test_long_integers(sandbox: Sandbox) -> None:
    digits = "1" + "0" * 5000
    returned = calls("Return ten to the n.", ("n = 5000", digits), ("n = 0", "1"))
    assert await judge(returned, "def f(n): return 10 ** n", sandbox) == PASSED
    assert await judge(returned, "def f(n): return 10 ** n + n", sandbox) == FAILED
    assert await judge(returned, "def f(n): return -10 ** n", sandbox) == FAILED
    middling = calls("Return ten to the n.", ("n = 2000", "1" + "0" * 2000))
    assert await judge(middling, "def f(n): return 10 ** n", sandbox) == PASSED
    taken = calls("Return x + 1.", (f"x = {digits}", digits[:-1] + "1"))
    assert await judge(taken, "def f(x): return x + 1", sandbox) == PASSED
    assert await judge(taken, "def f(x): return x + 2", sandbox) == FAILED
    in_list = calls("Return the powers.", ("n = 5000", f"[1, -{digits}]"))
    assert await judge(in_list, "def f(n): return [1, -10 ** n]", sandbox) == PASSED
    printed = prints("Print n + 1.", digits, "1" + "0" * 4999 + "1")
    assert await judge(printed, "print(int(input()) + 1)", sandbox) == PASSED
    assert await judge(printed, "print(int(input()) + 2)", sandbox) == FAILED


DIVIDE = prints(
    "Print a/b. Your answer is considered correct if its absolute or relative error is at most 10^{-3}.",
    "1 3",
    "0.333333333333",
)


@pytest.mark.parametrize(
    ("expression", "outcome"), [("'%.4f' % (a/b)", PASSED), ("'%.2f' % (a/b)", FAILED), ("a/b", PASSED)]
)
async def test_stated_tolerance(expression: str, outcome: str, sandbox: Sandbox) -> None:
    assert await judge(DIVIDE, f"a,b=map(int,input().split()); print({expression})", sandbox) == outcome


async def test_stated_tolerance_of_a_returned_number(sandbox: Sandbox) -> None:
    prompt = calls("Answers within 10^-3 of the actual answer will be accepted.", ("a = 1, b = 3", "0.33333"))
    assert await judge(prompt, "def f(a, b): return round(a / b, 4) + 0.0005", sandbox) == PASSED
    assert await judge(prompt, "def f(a, b): return a / b + 0.01", sandbox) == FAILED


SUM_ZERO = calls(
    "Given an integer n, return any array containing n unique integers such that they add up to 0.",
    ("n = 5", "[-7,-1,1,3,4]"),
)
PALINDROME = (
    "Return the longest palindromic substring.\n\nExample 1:\n\n"
    'Input: s = "babad"\nOutput: "bab"\n{note}\nExample 2:\n\nInput: s = "cbbd"\nOutput: "bb"\n'
)
CODE = {
    "first": "def f(s):\n    return max((s[i:j] for i in range(len(s)) for j in range(i, len(s) + 1)"
    " if s[i:j] == s[i:j][::-1]), key=len)",
    "last": "def f(s):\n    return max((s[i:j] for i in reversed(range(len(s))) for j in range(i, len(s) + 1)"
    " if s[i:j] == s[i:j][::-1]), key=len)",
    "short": "def f(s):\n    return s[0]",
}


async def test_several_right_answers(sandbox: Sandbox) -> None:
    assert await judge(SUM_ZERO, "def f(n): return list(range(-(n//2), n//2+1))", sandbox) == OPEN
    assert await judge(SUM_ZERO, "def f(n): return 0", sandbox) == FAILED
    assert await judge(SUM_ZERO, "def f(n): return n / 0", sandbox) == FAILED
    for note in ('Note: "aba" is also a valid answer.\n', ""):
        prompt = PALINDROME.format(note=note)
        assert await judge(prompt, CODE["first"], sandbox) == PASSED
        assert await judge(prompt, CODE["last"], sandbox) == OPEN
        assert await judge(prompt, CODE["short"], sandbox) in ((OPEN,) if note else (FAILED,))


async def test_what_is_left_open_in_one_example_can_fail_in_the_next(sandbox: Sandbox) -> None:
    prompt = calls("Return any divisor of n.", ("n = 6", "2"), ("n = 7", "7"))
    assert await judge(prompt, "def f(n): return 3 if n == 6 else n / 0", sandbox) == FAILED
    assert await judge(prompt, "def f(n): return 3 if n == 6 else 7", sandbox) == OPEN


LONG = prints("Print the numbers below n.", "4200", " ".join(map(str, range(4200))))


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("print(' '.join(map(str, range(int(input())))))", PASSED),
        ("print('\\n'.join(map(str, range(int(input())))))", PASSED),
        ("print(' '.join(map(str, range(int(input())))), 0)", FAILED),
        ("print(' '.join(map(str, range(int(input()) - 1))))", FAILED),
        ("print((' ' * 40).join(map(str, range(int(input())))))", PASSED),
        ("print('0 ' * 200_000)", FAILED),
        ("n = int(input())\nwhile True: print(n)", FAILED),
    ],
)
async def test_long_output(code: str, outcome: str, sandbox: Sandbox) -> None:
    assert await judge(LONG, code, sandbox) == outcome


async def test_long_output_in_other_scripts(sandbox: Sandbox) -> None:
    prompt = prints("Say it n times.", "9000", "数" * 9000)
    assert await judge(prompt, "print('数' * int(input()))", sandbox) == PASSED
    assert await judge(prompt, "print('数' * (int(input()) - 1) + '学')", sandbox) == FAILED


TWICE = prints("Print twice n.", "21", "42")


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.write(1, str(2 * int(os.read(0, 100))).encode())",
        "import sys\nsys.__stdout__.write(str(2 * int(sys.stdin.readline())))",
        "import sys\nprint(2 * int(sys.stdin.buffer.readline()))",
        "print(2 * int(open(0).read()))",
        "print(2 * int(open('/dev/stdin').read()))",
        "import sys\nsys.stdin = open(\"/dev/stdin\")\nprint(2 * int(input()), file=open('/dev/stdout', 'w'))",
        "import atexit, io, os, sys\nsys.stdout = io.StringIO()\n"
        "atexit.register(lambda: os.write(1, sys.stdout.getvalue().encode()))\nprint(2 * int(input()))",
        "import threading\ndef main(): print(2 * int(input()))\nthreading.Thread(target=main).start()",
        "import sys, threading\nthreading.stack_size(1 << 26)\nsys.setrecursionlimit(1 << 20)\n"
        "def main(): print(2 * int(input()))\nt = threading.Thread(target=main)\nt.start()\nt.join()",
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "print(pool.submit(lambda: 2 * int(input())).result())",
        "import sys\ninput = sys.stdin.readline\nprint(2 * int(input()))\nsys.exit(0)",
        "import asyncio\nasync def main(): print(2 * int(input()))\nasyncio.run(main())",
        "print(2 * int(input()))\nquit()",
        "import sys\nprint('about to', file=sys.stderr)\nprint(2 * int(input()))",
        "import multiprocessing, subprocess, socket, ctypes\nprint(2 * int(input()))",
        "import time\ntime.sleep(0.1)\nprint(2 * int(input()))",
    ],
)
async def test_programs_read_and_print_in_every_usual_way(code: str, sandbox: Sandbox) -> None:
    assert await judge(TWICE, code, sandbox) == PASSED
    assert await judge(TWICE.replace("42", "43"), code, sandbox) == FAILED


async def test_a_module_that_sites_offer_and_this_machine_lacks_is_no_failure(sandbox: Sandbox) -> None:
    assert await judge(TWICE, "import cvxopt\nprint(2 * int(input()))", sandbox) in (OPEN, PASSED)
    assert await judge(TWICE, "import no_such_module\nprint(2 * int(input()))", sandbox) == FAILED
    lie = "raise ModuleNotFoundError(\"No module named 'cvxopt'\")"
    assert await judge(TWICE, lie, sandbox) == FAILED


async def test_an_example_on_one_line(sandbox: Sandbox) -> None:
    prompt = "Return the sum.\n\nInput: a = 1, b = 2, Output: 3\n\nInput: a = 2, b = 2 Output: 4\n"
    assert await judge(prompt, "def f(a, b): return a + b", sandbox) == PASSED
    assert await judge(prompt, "def f(a, b): return a * b + 1", sandbox) == FAILED


async def test_addresses_do_not_make_findings_differ(sandbox: Sandbox) -> None:
    prompt = calls("Return n.", ("n = 1", "1"))
    code = "class Thing: pass\ndef f(n): raise ValueError(Thing())"
    result = await code_examples(prompt, {"A": f"```python\n{code}\n```"}, sandbox)
    assert "Thing object at 0x...>" in result.of("A").why
