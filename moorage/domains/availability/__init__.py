"""Availability: every start it offers can be booked, every start it does not offer cannot, and no two claims overlap.

Intent (weekly hours, date overrides) is local wall time; what is occupied is UTC. One SQL core lists starts, checks a
start and refuses the rest; an exclusion constraint makes an overlap impossible whatever any code does.
"""
