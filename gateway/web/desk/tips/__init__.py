"""`/desk/tips`: the queue of all channels. A module for the list, one for a tip, one for what is done to it, one for like tips."""
