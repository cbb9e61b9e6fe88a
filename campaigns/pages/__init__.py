"""The pages of campaigns: `<thing>.py` with its form beside it, and one `urls.py`."""
