"""What is kept, how long, in how many places: backups, data keys that can be destroyed, erasure, requests of persons, breaches."""
