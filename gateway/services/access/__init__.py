"""Who is at the desk: signing in, the second factor, sessions, users; each step noted in the audit log."""
