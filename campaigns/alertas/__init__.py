"""Telling the shop that a campaign needs somebody: by webhook and by email, once for each thing that happens.

An alert and its deliveries are written in the transaction of what they tell of; `workers.alerts` delivers them.
"""
