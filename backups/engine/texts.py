from devices.texts import one_line

__all__ = ["one_line"]
