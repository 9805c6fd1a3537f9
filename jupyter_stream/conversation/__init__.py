"""Threads: the turns that a reader sees in the cells of a notebook, in their order, and what is sent of them.

Pure: it is told what a front end said and what came back, and asks neither IPython, the clock nor a model.
"""
