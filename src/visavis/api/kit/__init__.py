"""What every resource needs once: ids, times, errors, JSON bodies, dual names, paging, patches, secrets, sign-in.

Knows no resource.
"""
