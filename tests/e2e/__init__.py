"""Whole calls: a real server, a real browser, real speech. They measure time, so they run one at a time."""
