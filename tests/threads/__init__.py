"""Threads in a real kernel, driven as a front end drives it."""
