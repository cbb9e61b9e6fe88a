"""The demonstration: a campaign of 1,000 through the real API, workers and HTTP, checked against the simulator.

The sample's phones are from the ranges that are kept for fiction (+1 … 555-01xx) and from Twilio's test numbers,
so that a copy of the file can never ring a real phone.
"""
