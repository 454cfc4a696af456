"""Move all rows of an installation into another database, and hold both against each other."""
