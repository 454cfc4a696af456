"""Every setting is documented where an admin looks for it."""

import re
from pathlib import Path

import pytest

from ethonode.env import BASE_DIR

SOURCES = [path.read_text() for path in BASE_DIR.glob("ethonode/env*.py")]
READ = re.compile(r'(?:(?:env|values)\.|_)\w+\((?:env, )?"((?!ETHONODE_)[A-Z_]+)"')
SETTINGS = sorted(set(READ.findall("".join(SOURCES))))


def test_the_settings_are_found():
    assert {"NODE_URL", "PORT", "DATABASE_URL", "SECRET_KEY", "SIMULATED_LAB", "SSH_USER"} <= set(
        SETTINGS
    )


@pytest.mark.parametrize("place", ["docs/install.md", "deploy/ethonode.env.example"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_each_setting_is_named(setting, place):
    assert f"ETHONODE_{setting}" in Path(BASE_DIR / place).read_text()


PAGES = sorted([*BASE_DIR.glob("*.md"), *BASE_DIR.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE_DIR)))
def test_what_a_page_leads_to_is_there(page):
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
