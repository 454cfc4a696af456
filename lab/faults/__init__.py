"""Named faults: each really happens, over the socket or on the disk. See catalogue.py."""
