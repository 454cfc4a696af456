"""`make run`: the whole stack under one supervisor.

`python -m ethonode.run` checks, migrates and writes the supervisor's configuration, then becomes
`supervise.py`, a small process that knows nothing of Django.
"""
