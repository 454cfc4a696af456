"""Read what Python's repr wrote, without running any of it: literals, and the few calls in them."""

import ast
import math
import re
from collections.abc import Callable
from typing import Any

LONGEST = 20_000  # real ones have 3,000 signs
DEEPEST = 40
LARGEST_BITS = 128

# A string is passed over whole, whatever it holds, and to the end of the text where it has none;
# outside of one, <…> is how an object looks.
_STRING_OR_OBJECT = re.compile(
    r"""('(?:\\.|[^'\\])*+(?:'|$)|"(?:\\.|[^"\\])*+(?:"|$))"""
    r"""|<(?:[^<>'"]|'[^'<>]*+'|"[^"<>]*+")*+>""",
    re.DOTALL,
)
_NUMBERS = re.compile(r"(np|numpy)\.(float|int|uint|bool_?|str_)\d*")
_SPECIAL = {"nan": math.nan, "inf": math.inf}


class NotALiteral(Exception):
    """It is no repr of plain data, or too long or deep for one."""


def data_of(text: str) -> Any:
    """Dicts, lists, tuples, sets, texts, numbers. A class is the text of its name, an OrderedDict
    a dict, a number of numpy's a number. Raises NotALiteral.
    """
    if len(text) > LONGEST:
        raise NotALiteral("it is too long")
    try:
        tree = ast.parse(_STRING_OR_OBJECT.sub(_as_text, text.strip()), mode="eval")
        return _value(tree.body, DEEPEST)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise NotALiteral(f"it cannot be read: {type(error).__name__}") from error


def _as_text(found: re.Match[str]) -> str:
    """<class 'a.b.C'> as 'a.b.C', other objects as they look."""
    if found[1]:
        return found[1]
    name = re.fullmatch(r"<class '([\w.]+)'>", found[0])
    return repr(name[1] if name else found[0])


def _value(node: ast.expr, deep: int) -> Any:
    if not deep:
        raise NotALiteral("it is too deep")
    read = _READ.get(type(node))
    if read is None:
        raise NotALiteral(f"it holds what is no data: {type(node).__name__}")
    return read(node, deep - 1)


def _constant(node: Any, deep: int) -> Any:
    """Python reads 0xfff… of any length, and writes no number that has thousands of digits."""
    if isinstance(node.value, int) and node.value.bit_length() > LARGEST_BITS:
        raise NotALiteral("it holds a number that is too large")
    return node.value


def _name(node: Any, deep: int) -> Any:
    if node.id not in _SPECIAL:
        raise NotALiteral(f"it holds a name: {node.id[:40]}")
    return _SPECIAL[node.id]


def _signed(node: Any, deep: int) -> Any:
    value = _value(node.operand, deep)
    if not isinstance(node.op, ast.USub | ast.UAdd) or not isinstance(value, int | float):
        raise NotALiteral("it holds a calculation")
    return -value if isinstance(node.op, ast.USub) else value


def _list(node: Any, deep: int) -> Any:
    return [_value(item, deep) for item in node.elts]


def _tuple(node: Any, deep: int) -> Any:
    return tuple(_list(node, deep))


def _set(node: Any, deep: int) -> Any:
    return set(_list(node, deep))


def _dict(node: Any, deep: int) -> Any:
    if None in node.keys:
        raise NotALiteral("it is made out of others")
    keys = [_value(key, deep) for key in node.keys]
    return dict(zip(keys, (_value(value, deep) for value in node.values), strict=True))


def _call(node: Any, deep: int) -> Any:
    """OrderedDict([...]) and np.float32(...): nothing else is called, and these are not either."""
    name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    values = [_value(value, deep) for value in node.args]
    if node.keywords or len(values) > 1:
        raise NotALiteral(f"it calls {name[:40]}")
    if name in {"OrderedDict", "collections.OrderedDict", "dict"}:
        return dict(values[0]) if values else {}
    if values and _NUMBERS.fullmatch(name) and isinstance(values[0], int | float | str):
        return values[0]
    if values and name in {"array", "np.array"} and isinstance(values[0], list):
        return values[0]
    raise NotALiteral(f"it calls {name[:40]}")


_READ: dict[type[ast.expr], Callable[[Any, int], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _signed,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Call: _call,
}
