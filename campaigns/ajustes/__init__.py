"""What each shop decides about its sending, within the law and its wallet: one row per shop, with its history.

models      the row and the history of its changes
defecto     what a new shop begins with, and where each value comes from
ventanas    the timetable of the week as JSON
reglas      what each setting may be
services    the one way to change them
"""
