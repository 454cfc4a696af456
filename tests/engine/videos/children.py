"""Do something in a child process: as nobody, or with a limit on what it may write."""

import os
import pickle
import resource
import signal

NOBODY = 65534


def in_child(work, *, prepare=lambda: None):
    """Call `work` in a fork, after `prepare`, and give what it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            prepare()
            os.write(writer, pickle.dumps(work()))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    assert answer, "the child failed: see its traceback above"
    return pickle.loads(answer)  # noqa: S301 - our own child's


def as_nobody(work):
    """Permissions do not bind root, as whom tests may run."""
    return in_child(work, prepare=_become_nobody if os.getuid() == 0 else lambda: None)


def with_a_full_disk(work, *, most_bytes=4096):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return in_child(work, prepare=prepare)


def _become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
