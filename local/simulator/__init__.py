"""A stand-in for Twilio's Messages API, for development, demonstrations, tests and benchmarks.

It is a program of its own (`python -m local.simulator`) that imports nothing of the product, so the two can
only agree through HTTP. Start reading at `server.py`.
"""
