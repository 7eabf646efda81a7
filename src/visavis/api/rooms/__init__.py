"""Rooms: the page behind a conversation's link, and what it asks for. The call itself is the host's."""
