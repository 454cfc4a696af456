"""Whether this installation is right: what is set, what answers, and what to type where not."""
