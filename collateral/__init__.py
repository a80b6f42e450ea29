"""Printable collateral: posters, banners and leaflets, one set a village."""
