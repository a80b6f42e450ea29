"""Tips handed over to another body: prepared by one person, decided by another, sealed, receipted, answered."""
