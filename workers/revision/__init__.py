"""The check of an installation at Twilio: what would stop its messages, or cost the proof of what became of them.

`revision.revisar` is the whole of it; the other files each look at one thing and say what is wrong with it.
"""
