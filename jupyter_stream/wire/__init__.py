"""The wire protocols: one module each, pure. Messages in, a request out; frames in, events out."""
