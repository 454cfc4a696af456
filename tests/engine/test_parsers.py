"""Every parser of what comes from outside: whatever it is given it answers, or says by its own
error that it cannot. `make fuzz-parsers` gives each of them 100,000 inputs.
"""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.parsers import PARSERS

INPUTS = 40


@pytest.mark.django_db
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_answers_or_says_that_it_cannot(name):
    parser = PARSERS[name]

    @settings(
        max_examples=INPUTS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs.drawn)
    def try_one(value):
        with suppress(*parser.refusals):
            parser.ask(value)

    try_one()


@pytest.mark.parametrize("name", PARSERS)
def test_inputs_are_written_so_that_they_are_read_again(name):
    inputs = PARSERS[name].inputs

    @settings(
        max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(inputs.drawn)
    def write_one(value):
        written = inputs.write(value)
        assert inputs.write(inputs.read(written)) == written

    write_one()
