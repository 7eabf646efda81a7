"""Measurements of a real server from the outside: `python -m bench.call`, `python -m bench.memory`.

Each starts `visavis serve` on a free port with a temporary data folder and joins as an ordinary client.
"""
