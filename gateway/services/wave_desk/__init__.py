"""Waves as the desk makes them: drafts, measures, head counts, two persons, the live view. Each takes the actor and asks what they may."""
