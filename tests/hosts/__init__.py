"""Hosts of our own, and what is set up on them: servers, ethonode, and who keeps them up."""
