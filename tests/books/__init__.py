"""The books against a model of them: shared by the ordinary tests and by `make chaos`."""
