"""The calls by which Twilio tells us something: signed, applied once, in any order."""
