"""Typed answers: a type as a JSON schema for the request, the growing JSON of the answer as growing data, and the value
that it is at the end.
"""
