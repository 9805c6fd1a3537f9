"""Widgets that show an answer while it grows: the Python halves. The front end's source is in `frontend`, built into
`static`.

Nothing here knows a notebook or a provider; what is shown is a log of small operations (`log`), which the page
applies in their order.
"""
