"""Nodes as settings hold them."""

from dataclasses import replace

from devices.nodes import ONLY, Node


def a_node(url="", name=ONLY, **daemons):
    """Of the daemons that are not named there is none."""
    return Node(name=name, url=url, daemons={"mysql": "", "rsync": ""} | daemons)


def change_node(settings, url=None, **daemons):
    """Let the only node be elsewhere, or one of its daemons."""
    (node,) = settings.NODES
    node = replace(node, url=node.url if url is None else url, daemons=node.daemons | daemons)
    settings.NODES = (node,)


def node_of(lab, name=ONLY):
    urls = {"mysql": lab.mysql_service_url, "rsync": lab.rsync_service_url}
    return a_node(lab.node_url, name, **urls)
