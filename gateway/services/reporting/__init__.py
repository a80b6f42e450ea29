"""Reports: made and frozen, signed, sent, corrected by a new version; the province's roll-up."""
