"""Values and laws of the field, pure: nothing here reads a clock, a file or a socket."""
