"""Recordings to be watched: chunks in order, and each as a film that a browser plays."""
