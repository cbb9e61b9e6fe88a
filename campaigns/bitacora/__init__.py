"""What happened to campaigns, and who is told.

services    writes down an event, with who did it
alertas     makes the alert and its deliveries, in the transaction of what they tell of; `workers.alerts` delivers them
selectors   reads alerts and their settings
"""
