"""What the supervisor tells systemd: that its loop turns."""

import os
import signal
import socket
import subprocess
import sys

from ethonode.run.__main__ import SUPERVISE

INI = """[supervisord]
nodaemon = true
silent = true
logfile = {folder}/log
pidfile = {folder}/pid
"""


def test_systemd_is_told_that_the_loop_turns(tmp_path):
    ini = tmp_path / "ini"
    ini.write_text(INI.format(folder=tmp_path))
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(address)
        told.settimeout(60)
        command = [sys.executable, "-P", SUPERVISE, str(ini), str(tmp_path / "none")]
        env = os.environ | {"NOTIFY_SOCKET": address}
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as run:
            for _ in range(3):
                assert told.recv(100) == b"READY=1\nWATCHDOG=1"
            run.send_signal(signal.SIGSTOP)  # one that hangs
            told.settimeout(3)
            silent = False
            for _ in range(10):
                try:
                    told.recv(100)
                except TimeoutError:
                    silent = True
                    break
            run.send_signal(signal.SIGCONT)
            run.terminate()
        assert silent
