"""The text of a message: its placeholders, its link to opt out, and how many parts Twilio bills."""
