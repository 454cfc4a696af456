"""Three hosts in namespaces: ethonode on one, storages on two. One is cut off, a device is moved.

`make three-hosts` (docs/storages.md, "Tried on three hosts").
"""
