"""The nodes of a lab, by name, each with its two backup daemons. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ONLY = "node"  # the name of one that was given without a name
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`url` "": there is none, and only what answers as its daemons is known.

    `daemons`: where each answers, by its name; "": this lab has none.
    """

    name: str
    url: str
    daemons: Mapping[str, str]


def is_one_of(name: str, nodes: Sequence[Node]) -> bool:
    return any(node.name == name for node in nodes)


def home_of(name: str, nodes: Sequence[Node]) -> str:
    """The node of whoever was last told of by the node of this name; "": by none that is left.

    Where there is one node, all is its own.
    """
    if len(nodes) == 1:
        return nodes[0].name
    return name if is_one_of(name, nodes) else ""


def called(what: str, name: str, nodes: Sequence[Node], *, of: str = " ") -> str:
    """A thing by its node's name; where there is one node, by no name."""
    return what if len(nodes) == 1 else f"{what}{of}{name}"
