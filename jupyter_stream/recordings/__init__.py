"""Cassettes for people: the command line that lists, shows, records, compares and prunes what is recorded."""
