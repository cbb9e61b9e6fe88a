"""A stand-in for Twilio's Messages API, for development, demonstrations, tests and benchmarks.

By default it is a friendly account. `faults` has the switches that make it an unfriendly one, `alterations` what
Twilio does to messages before it lists them, `setup` what else an account has; each names its page of Twilio's.

It is a program of its own (`python -m local.simulator`) that imports nothing of the product, so the two can
only agree through HTTP. Start reading at `server.py`.
"""
