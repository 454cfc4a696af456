"""Which of apprise's services a channel may go by: those beyond the network, and no other."""

# They speak to this machine, to files of it, or by sockets that we cannot look at.
REFUSED = frozenset(
    {
        "atalk", "blink1", "dbus", "deltachat", "deltachats", "fcm", "gio", "glib", "gnome",
        "growl", "kde", "macosx", "nostr", "qt", "rsyslog", "syslog", "vapid", "windows",
    }
)  # fmt: skip


def schema_of(address: str) -> str:
    """ "mailtos" of "mailtos://…"; "" of what has none."""
    schema, separator, _ = address.strip().partition("://")
    return schema.lower() if separator and schema.isascii() and schema.isalnum() else ""
