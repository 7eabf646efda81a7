"""Conversations: creating, listing, ending and deleting calls, and the record that a call keeps of itself."""
