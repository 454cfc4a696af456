"""The alert rules and the dashboard that are shipped name only what /metrics has."""

import json
import re

import pytest
from django.utils import timezone

from ethonode.env import BASE_DIR
from ethonode.metrics import exposition

RULES = BASE_DIR / "deploy" / "prometheus" / "ethonode.rules.yml"
DASHBOARD = BASE_DIR / "deploy" / "grafana" / "ethonode.json"
NAME = re.compile(r"\bethonode_[a-z_]+\b")
# Only where there is something to tell: no copy, no message that waits, no look yet.
SOMETIMES = {
    "ethonode_at_risk_bytes",
    "ethonode_last_cycle_age_seconds",
    "ethonode_newest_snapshot_age_seconds",
    "ethonode_oldest_message_age_seconds",
    "ethonode_oldest_proof_age_seconds",
    "ethonode_service_available",
}


def source():
    return "".join(
        (BASE_DIR / "ethonode" / name).read_text() for name in ("metrics.py", "problem_metrics.py")
    )


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: path.name)
def test_every_name_is_told(db, path):
    told = set(NAME.findall(exposition(now=timezone.now()).decode()))
    asked = {name for name in NAME.findall(path.read_text()) if not name.endswith("_")}
    assert asked - told <= SOMETIMES
    assert set(NAME.findall(source())) >= SOMETIMES


def test_the_dashboard_is_json_and_its_panels_do_not_overlap():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))


def test_no_number_is_told_where_nothing_is_known(db):
    told = exposition(now=timezone.now()).decode()
    assert "ethonode_oldest_proof_age_seconds" not in told
    assert "ethonode_last_cycle_age_seconds" not in told
    assert 'ethonode_open_incidents{severity="critical"} 0.0' in told
