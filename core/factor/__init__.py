"""The second factor: codes of an app (TOTP, RFC 6238), and recovery codes for the day on which the phone is lost."""
