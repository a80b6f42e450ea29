"""The one fake telco and its handset, over real HTTP: demo, training and tests use them."""
