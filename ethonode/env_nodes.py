"""Which nodes there are: one address, or `name=address` for each, and where its daemons answer."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from environs import FileAwareEnv

from devices.nodes import LONGEST_NAME, ONLY, Node
from ethonode.env_values import BadSetting, checked_url

MOST_NODES = 20
_NAMED = re.compile(r"(?P<name>[^/:=]*)=(?P<url>.*)")
_PLAIN_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?")


def read(env: FileAwareEnv) -> tuple[Node, ...]:
    """In the order in which they are named. Where none is set, one without an address."""
    urls = _urls(env, "NODE_URL") or {"": ""}
    if len(urls) > MOST_NODES:
        raise BadSetting(f"ETHONODE_NODE_URL: {len(urls)} nodes, more than {MOST_NODES}")
    if lacking := [name for name, url in urls.items() if name and not url]:
        raise BadSetting(f"ETHONODE_NODE_URL: {lacking[0]}= is followed by no address")
    if len(set(urls.values())) < len(urls):
        raise BadSetting("ETHONODE_NODE_URL: two names have the same address")
    daemons = {
        "mysql": _of_daemon(env, "MYSQL_SERVICE_URL", 8090, urls),
        "rsync": _of_daemon(env, "RSYNC_SERVICE_URL", 8093, urls),
    }
    return tuple(
        Node(
            name=name or ONLY,
            url=url,
            daemons={daemon: places[name] for daemon, places in daemons.items()},
        )
        for name, url in urls.items()
    )


def _of_daemon(
    env: FileAwareEnv, variable: str, port: int, nodes: Mapping[str, str]
) -> dict[str, str]:
    """Where it answers at each node. By default at the node's own host; at one that has no name
    on this machine, as it ever was."""
    found = {
        name: _beside(url, port) if name else _at("localhost", port) for name, url in nodes.items()
    }
    told = _urls(env, variable)
    if told is None:
        return found
    if not told:  # set, and empty: no node has one
        return dict.fromkeys(nodes, "")
    if "" in told:
        if len(nodes) > 1:
            text = "there are several nodes: say whose it is by name=address"
            raise BadSetting(f"ETHONODE_{variable}: {text}")
        return dict.fromkeys(nodes, told[""])
    if strange := [name for name in told if name not in nodes]:
        raise BadSetting(f"ETHONODE_{variable}: no node is called {strange[0]!r}")
    return found | told


def _beside(url: str, port: int) -> str:
    return _at(urlsplit(url).hostname or "", port)


def _at(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _urls(env: FileAwareEnv, variable: str) -> dict[str, str] | None:
    """By name; one that stands alone may have none. None where the variable is not set."""
    text = env.str(variable, None)
    if text is None:
        return None
    words = text.replace(",", " ").split()
    if len(words) == 1 and not _NAMED.fullmatch(words[0]):
        return {"": checked_url(variable, words[0])}
    found: dict[str, str] = {}
    for word in words:
        name, url = _named(variable, word)
        if name in found:
            raise BadSetting(f"ETHONODE_{variable}: two nodes are called {name!r}")
        found[name] = url
    return found


def _named(variable: str, word: str) -> tuple[str, str]:
    parts = _NAMED.fullmatch(word)
    if parts is None:
        text = "one of several has no name: write name=address, separated by commas"
        raise BadSetting(f"ETHONODE_{variable}: {text}")
    if not _PLAIN_NAME.fullmatch(parts["name"]):
        text = f"is no name of a node: up to {LONGEST_NAME} of a-z, 0-9 and -"
        raise BadSetting(f"ETHONODE_{variable}: {parts['name']!r} {text}")
    return parts["name"], checked_url(variable, parts["url"])
