"""The daily close: every message that Twilio lists for a day is one row of the ledger, and the reverse."""
