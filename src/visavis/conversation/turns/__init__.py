"""Taking turns: when has the person finished, and when does their voice stop the replica?

Small policies over silence, sound and words; nothing here knows an engine by name or touches the network.
"""
