"""How clients say which state of an object they change."""

EXPECTED_VERSION = "The `version` that the client saw; anything newer refuses the change."
