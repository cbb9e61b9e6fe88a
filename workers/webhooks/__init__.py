"""What Twilio tells us: signed, applied once, in any order."""
