"""Every fault by its name, with one line on what it is."""

from collections.abc import Mapping
from types import MappingProxyType

from lab.faults import payload, wire
from lab.faults.cards import CARD_FAULTS
from lab.faults.copies import COPY_FAULTS
from lab.faults.footage import FOOTAGE_FAULTS
from lab.faults.identity import IDENTITY_FAULTS
from lab.faults.mishap import Mishap
from lab.faults.storage import STORAGE_FAULTS
from lab.faults.things import DEVICE_FAULTS

_ANSWER_FAULTS = {
    "hung": Mishap("accepts the connection and never answers", "node", wire=wire.hang),
    "trickling": Mishap("answers one byte a second", "node", wire=wire.trickle),
    "cut": Mishap("closes in the middle of the body", "node", wire=wire.cut),
    "oversized": Mishap("answers with a body of 200 MB", "node", wire=wire.oversize),
    "refused": Mishap("nothing listens: connection refused", "node", refuses=True),
    "error-200": Mishap('HTTP 200 with {"error": traceback}', "node", payload=payload.say_error),
    "http-500": Mishap("HTTP 500 with an HTML page", "node", payload=payload.fail_500),
    "half-written": Mishap(
        "half of the JSON text, sent as if whole", "node", payload=payload.half_write
    ),
    "non-json": Mishap("HTML where JSON belongs", "node", payload=payload.say_no_json),
    "wrong-types": Mishap("texts for numbers and so on", "node", payload=payload.mistype),
    "nan": Mishap("NaN and Infinity for numbers", "node", payload=payload.not_a_number),
    "deep-nesting": Mishap("a list 100,000 lists deep", "node", payload=payload.nest),
    "evil-ids": Mishap(
        "ids with slashes, `..`, control and NUL characters",
        "any",
        payload=payload.add_evil_ids,
    ),
    "long-names": Mishap("a name of 10,000 characters", "any", payload=payload.lengthen_names),
    "future-times": Mishap("times ten years ahead", "any", payload=payload.come_from_future),
    "false-completed": Mishap(
        "the MySQL daemon says completed where there is no MariaDB (on by default)",
        quirk="false_completed",
    ),
    "global-sizes": Mishap(
        "the rsync daemon gives every device the whole tree's size (on by default)",
        quirk="global_sizes",
    ),
}
TABLES = (
    _ANSWER_FAULTS,
    DEVICE_FAULTS,
    CARD_FAULTS,
    STORAGE_FAULTS,
    FOOTAGE_FAULTS,
    COPY_FAULTS,
    IDENTITY_FAULTS,
)
CATALOGUE: Mapping[str, Mishap] = MappingProxyType(
    {name: fault for table in TABLES for name, fault in table.items()}
)
# What the demo shows beside its many healthy devices.
DEMO = ("corrupt-copy", "missing-copy", "behind-copy", "no-files-recording", "offline-device")
