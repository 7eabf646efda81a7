"""The portal's sign-in, its session, and its pages."""
