"""One message: claim, call, outcome; and what becomes of a doubt."""
