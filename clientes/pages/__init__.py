"""The pages of clients: `<thing>.py` with its form beside it, and one `urls.py`."""
