"""What is shown, in its order: asked by HTTP of the one web server, as a program of a lab does."""

from functools import partial

from tests.three_hosts.client import Client
from tests.three_hosts.copies import Copies
from tests.three_hosts.hosts import Hosts
from tests.three_hosts.seen import FIRST, IDLE, ON_MAIN, OTHER
from tests.three_hosts.stage import Stage
from tests.three_hosts.story import Story


def tell(story: Story, made: Stage) -> None:
    client = Client(url=made.url, token=made.token)
    hosts, copies = Hosts(made, client), Copies(made, client)
    story.step("the storages live", hosts.they_live)
    story.step("new devices are placed by pattern", hosts.they_are_placed)
    story.step("they are green", hosts.all_are_green)
    story.step("each was backed up by the worker of its storage", hosts.each_by_its_own)
    story.step(f"files on {FIRST} come through main", hosts.files_come)
    story.step(f"second copies of {FIRST} are made", copies.second_copies)
    story.step("one of them is damaged on its disk", copies.damaged_second)
    story.step("a person deletes the damaged one", copies.mended_second)
    story.step(f"{ON_MAIN} stops tracking", partial(copies.stopped, ON_MAIN))
    for name, source in ((IDLE, FIRST), (ON_MAIN, "main")):
        story.step(f"{name} is moved from {source} to {OTHER}", partial(copies.moved, name, source))
        story.step("what the move left is deleted", partial(copies.cleared, name, source))
    story.step(f"{FIRST} is cut off", hosts.cut_off)
    story.step(f"{FIRST} is joined again", hosts.joined)
