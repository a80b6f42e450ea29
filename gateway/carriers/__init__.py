"""Sans-IO carrier adapters: a module builds requests and parses answers and hook calls, and never opens a socket (STYLE §2)."""
