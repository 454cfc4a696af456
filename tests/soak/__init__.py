"""Endurance: the whole stack on hosts of its own, with a lab, while everything is struck.

`make soak` (docs/reliability.md): MINUTES, SEED, DEVICES, KILLS a minute.
"""
