"""Check, prepare, and become the supervisor."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import django

from ethonode import env
from ethonode.env_values import BadSetting
from ethonode.run import prepare
from ethonode.run.config import Stack, supervisor_ini
from ethonode.run.prepare import CannotStart
from ethonode.run.say import say

SUPERVISE = Path(__file__).with_name("supervise.py")


def main() -> None:
    try:
        stack = plan()
        make_ready(stack)
        become_supervisor(stack)
    except (BadSetting, CannotStart) as error:
        sys.exit(f"ethonode: {error}")


def plan() -> Stack:
    environment = env.read_alone()
    prepare.make_folders(environment.var_dir)
    prepare.take_lock(environment.var_dir)
    prepare.check_port(environment)
    own_redis = environment.redis_url == env.own_redis_url(environment.var_dir)
    with_lab = env.no_lab_set(environment) and environment.lab_allowed
    with_lab = with_lab and not prepare.left_lab(environment.var_dir)
    return Stack(
        environment=environment,
        python=sys.executable,
        redis_server=prepare.find_redis_server(environment) if own_redis else None,
        lab=prepare.choose_lab(environment.var_dir) if with_lab else None,
    )


def make_ready(stack: Stack) -> None:
    var = stack.environment.var_dir
    lab_file = var / env.LAB_FILE
    lab_file.unlink(missing_ok=True)
    if stack.lab is not None:
        lab_file.write_text(json.dumps(asdict(stack.lab)))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")
    django.setup()
    if done := prepare.migrate():
        say(done)
    prepare.collect_static(var)
    _leave_lab(var)
    if stack.lab is not None:
        _prepare_lab(stack.lab, var)
    if problem := prepare.save_first():
        say(problem)
    if password := prepare.make_admin(stack.environment.admin_password):
        say(f"Admin user {prepare.ADMIN}, password {password}   (shown only this once)")


def _leave_lab(var: Path) -> None:
    """Where somebody asked for it on the Setup page: now nothing else runs."""
    if not (var / prepare.LEAVE_LAB).exists():
        return
    from installation.leaving import leave  # noqa: PLC0415  models need Django set up
    from lab.memory import LabMemoryError  # noqa: PLC0415

    try:
        count = leave(prepare.lab_root(var))
    except LabMemoryError as error:
        raise CannotStart(f"the simulated lab cannot be left: {error}") from error
    (var / prepare.LEAVE_LAB).rename(var / prepare.LEFT_LAB)
    say(f"The simulated lab is left: its {count} devices and their files are gone.")


def _prepare_lab(lab: env.LabPlaces, var: Path) -> None:
    from ethonode.run.lab_plan import prepare_lab  # noqa: PLC0415  models need Django set up

    prepare_lab(lab, key_file=var / "ssh" / "key.pub")


def become_supervisor(stack: Stack) -> None:
    var = stack.environment.var_dir
    ini = var / "run" / "supervisord.ini"
    ini.write_text(supervisor_ini(stack))
    secret = ("ETHONODE_ADMIN_PASSWORD", "ETHONODE_ADMIN_PASSWORD_FILE")
    environ = {name: value for name, value in os.environ.items() if name not in secret}
    environ["CELERY_SKIP_CHECKS"] = "1"  # they would load every page of the admin into the worker
    arguments = [stack.python, "-P", str(SUPERVISE), str(ini), str(var / env.LAB_FILE)]
    os.execve(stack.python, arguments, environ)  # noqa: S606  no shell is what we want


if __name__ == "__main__":
    main()
