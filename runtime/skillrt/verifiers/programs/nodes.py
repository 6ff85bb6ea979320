"""Which arguments of a function are trees or linked lists, though the example shows them as lists.

Interview sites show a binary tree level by level (``[3,9,20,null,null,15,7]``) and a linked list by its
values. The task says what is meant: by its signature, by a class that it shows, or in words and the usual
names. Only where it says nothing does the response's own signature count.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from skillrt.sandbox.records import JSON
from skillrt.verifiers.programs.candidate import Function, parsed, written

Shape: TypeAlias = 'Literal["plain", "tree", "list", "trees", "lists"] | int'
"""How an argument is made of what the example shows: as it is, a tree, a linked list, several of one of them,
or (an integer) the node with the shown value in the argument at that place."""

_TREE_WORDS = re.compile(r"\bbinary (?:search )?trees?\b|\bBST\b|\bTreeNode\b", re.IGNORECASE)
_LIST_WORDS = re.compile(r"\blinked[- ]?lists?\b|\bListNode\b", re.IGNORECASE)
_OTHER_NODES = re.compile(
    r"\bn-ary\b|\brandom (?:pointer|index)|\bquad-?tree|\bnext right (?:pointer|node)|\bdoubly[- ]linked"
    r"|\bclone\b[^.\n]{0,40}\bgraph|\bmultilevel\b|^\W*class Node\b"
    r"|\bcycle\b[^.\n]{0,60}\blinked|\blinked\b[^.\n]{0,60}\bcycle",
    re.IGNORECASE | re.MULTILINE,
)
_TREE_NAMES = frozenset(
    {"root", "root1", "root2", "p", "q", "tree", "tree1", "tree2", "subroot", "original", "cloned"}
)
_LIST_NAMES = frozenset(
    {
        "head",
        "head1",
        "head2",
        "heada",
        "headb",
        "l1",
        "l2",
        "list1",
        "list2",
        "lista",
        "listb",
        "lists",
        "linkedlist",
    }
)
_TYPED = re.compile(
    r"\b(?P<type>TreeNode|ListNode)\b(?P<many>\s*\[\]|\s*\*?\s*>)?[\s*&]*\b(?P<name>[A-Za-z_]\w*)\s*[,)]"
)
_OWN_VALUE = re.compile(r"\bself\.val\b")


@dataclass(frozen=True, slots=True)
class NodeUse:
    """How a function takes and gives nodes.

    Attributes:
        shapes: of each argument, in the order of the parameters; empty where all are plain.
        returns_nodes: whether it returns a tree or a list, where a signature says so.
        sure: false where the response's own code speaks against the shapes: its failure proves little.
    """

    shapes: tuple[Shape, ...] = ()
    returns_nodes: bool | None = None
    sure: bool = True


PLAIN = NodeUse()


def read_nodes(
    prompt: str, code: str, entry: Function, given: tuple[tuple[str, JSON], ...]
) -> NodeUse | None:
    """Return how ``entry`` takes the arguments ``given``, by name and in the order of its parameters.

    None where it takes nodes of a kind that is not known here, or it is not clear which.
    """
    speaks = _TREE_WORDS.search(prompt) or _LIST_WORDS.search(prompt)
    if not speaks and "Node" not in code:
        return PLAIN
    own = dict(zip(entry.parameters, map(written, entry.annotations), strict=True))
    own_returns = written(entry.returns)
    if _OTHER_NODES.search(prompt) or any(_is_other(kind) for kind in [*own.values(), own_returns]):
        return None
    told = _signature(prompt, entry.name)
    shapes: list[Shape] = []
    sure = _knows_our_nodes(code)
    for number, (name, value) in enumerate(given):
        parameter = entry.parameters[number]
        annotation = own.get(parameter, "")
        kind = told.get(name, told.get(parameter)) or _by_words(prompt, name, value) or _kind(annotation)
        shape = _shape(kind, value, given, shapes)
        if shape is None:
            return None
        if shape == "plain" and kind is None and _may_be_a_node(prompt, name, value, annotation):
            return None
        sure &= shape == "plain" or not annotation or _kind(annotation) is not None
        shapes.append(shape)
    returns = told.get("return") or own_returns
    returns_nodes = (
        None if not returns else _kind(returns) is not None or returns in ("tree", "list", "trees", "lists")
    )
    return NodeUse(tuple(shapes), returns_nodes, sure)


def _signature(prompt: str, name: str) -> dict[str, str]:
    """Return the kinds of parameters, by name, as a signature in the prompt has them.

    ``return`` is one of them.
    """
    told: dict[str, str] = {}
    shown = re.search(
        rf"\bdef {re.escape(name)}\s*\((?P<parameters>[^)]{{0,400}})\)\s*"
        r"(?:->\s*(?P<returns>[^:\n]{1,80}))?",
        prompt,
    )
    if shown:
        header = f"def f({shown['parameters']}) -> {shown['returns'] or 'None'}: pass"
        tree = parsed(header)
        node = tree.body[0] if tree and tree.body else None
        if isinstance(node, ast.FunctionDef):
            for argument in node.args.args:
                if argument.annotation is not None:
                    told[argument.arg] = _kind(ast.unparse(argument.annotation)) or "plain"
            if shown["returns"]:
                told["return"] = _kind(shown["returns"]) or "plain"
    for match in _TYPED.finditer(prompt):
        kind = "tree" if match["type"] == "TreeNode" else "list"
        told.setdefault(match["name"], kind + "s" if match["many"] else kind)
    return told


def _kind(annotation: str) -> str | None:
    """``Optional[TreeNode]`` as ``tree``, ``List[ListNode]`` as ``lists``, anything without them as None."""
    for word, kind in (("TreeNode", "tree"), ("ListNode", "list")):
        if word in annotation:
            return (
                kind + "s"
                if re.search(r"\b(?:list|sequence|iterable)\s*\[", annotation, re.IGNORECASE)
                else kind
            )
    return None


def _is_other(annotation: str) -> bool:
    """Tell whether an annotation names a class of nodes that is not known here."""
    return re.search(r"\b(?!TreeNode\b|ListNode\b)\w*Node\b", annotation) is not None


def _by_words(prompt: str, name: str, value: JSON) -> str | None:
    """Return the kind of an argument by its usual name, in a task that speaks of trees or linked lists."""
    low = name.lower()
    if not (value is None or _is_flat(value) or low == "lists"):
        return None
    if low in _TREE_NAMES and _TREE_WORDS.search(prompt):
        return "tree"
    if low in _LIST_NAMES and _LIST_WORDS.search(prompt):
        return "lists" if low == "lists" else "list"
    return None


def _is_flat(value: JSON) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list | dict) for item in value)


def _may_be_a_node(prompt: str, name: str, value: JSON, annotation: str) -> bool:
    """Tell whether a lone value may stand for a node, as in ``p = 5`` for the node that holds 5."""
    if annotation or isinstance(value, list | dict | bool) or value is None:
        return False
    return (
        name.lower() in {"p", "q", "node", "target", "u", "v"}
        and re.search(r"\bnodes?\b", prompt) is not None
    )


def _shape(
    kind: str | None, value: JSON, given: tuple[tuple[str, JSON], ...], before: list[Shape]
) -> Shape | None:
    """Return the shape of an argument of ``kind``; None where the shown value does not fit it."""
    match kind:
        case "tree" | "list" if value is None or _is_flat(value):
            return "tree" if kind == "tree" else "list"
        case "trees" | "lists" if value is None or (isinstance(value, list) and all(map(_is_flat, value))):
            return "trees" if kind == "trees" else "lists"
        case "tree" | "list" if not isinstance(value, list | dict):
            holding = [
                place
                for place, shape in enumerate(before)
                if shape == kind and isinstance(shown := given[place][1], list) and shown.count(value) == 1
            ]
            return holding[0] if holding else None
        case None | "plain":
            return "plain"
        case _:
            return None


def _knows_our_nodes(code: str) -> bool:
    """False where the code defines nodes of its own that hold their value under another name."""
    tree = parsed(code)
    for node in tree.body if tree else []:
        if isinstance(node, ast.ClassDef) and node.name in ("TreeNode", "ListNode", "Node"):
            return _OWN_VALUE.search(ast.unparse(node)) is not None
    return True
