"""A twin of Stripe for tests and the demo: an HTTP server of its own with the part that we use.

It shares no code with ours, keeps all in memory, and does what a plan of faults says. Not here:
anything that a card network would know.
"""
