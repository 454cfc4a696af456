"""Every setting is documented where an admin looks for it."""

import re
from pathlib import Path

import pytest

from ethonode.env import BASE_DIR

SOURCE = (BASE_DIR / "ethonode" / "env.py").read_text()
SETTINGS = sorted(
    set(re.findall(r'(?:env|_\w+)(?:\.\w+)?\((?:env, )?"((?!ETHONODE_)[A-Z_]+)"', SOURCE))
)


def test_the_settings_are_found():
    assert {"NODE_URL", "PORT", "SECRET_KEY", "SIMULATED_LAB"} <= set(SETTINGS)


@pytest.mark.parametrize("place", ["docs/install.md", "deploy/ethonode.env.example"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_is_named(setting, place):
    assert f"ETHONODE_{setting}" in Path(BASE_DIR / place).read_text()
