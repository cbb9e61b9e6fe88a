"""A program as most people would write it first: one flat chord of all recipients, one SDK call in each task.

It keeps no claims and survives nothing; it is here to be the fastest honest thing to compare with. So it is given
what it needs to run well: threads, connections for all of them, a pooled HTTP session, no result stored twice.
"""
