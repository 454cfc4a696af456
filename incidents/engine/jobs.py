"""What is given to the child that sends, and what it answers: one line of JSON each."""

import msgspec


class SendJob(msgspec.Struct, frozen=True, kw_only=True):
    """`address` is an apprise URL, or that of a program. `signing_key` empty: an apprise URL."""

    address: str
    title: str
    body: str
    key: str  # whoever gets a message twice knows it by this
    deadline: int  # seconds
    allowed: tuple[str, ...] = ()  # inner networks
    signing_key: str = ""
    payload: str = ""  # JSON, for programs
    at: int = 0  # seconds since 1970, signed


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """`text`: what the other side said, without anything secret of ours."""

    accepted: bool
    text: str
