"""Tin Báo: the gateway between residents, telecom partners and the receiving desk."""
