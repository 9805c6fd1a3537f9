"""Cassettes: answers recorded with their chunks and times, and replayed."""
