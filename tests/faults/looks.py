"""When a world is looked at, and what happens before each look."""

from tests.faults.truth import HOUR, MINUTE

# Looks come in pairs: a growing item needs a look at which its copy held all that was told.
BURSTS = (0.0, 3 * HOUR, 9 * HOUR, 27 * HOUR, 51 * HOUR, 75 * HOUR)
BETWEEN = 15 * MINUTE
LOOKS = tuple(moment for burst in BURSTS for moment in (burst, burst + BETWEEN))
COPIED_BEFORE = (
    10 * MINUTE
)  # the node is asked then too: it is asked more often than disks are read
