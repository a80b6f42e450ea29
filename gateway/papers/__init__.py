"""Papers that officers sign and partners work by: values in, bytes out; the same values give the same bytes."""
