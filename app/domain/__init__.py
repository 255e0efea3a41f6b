"""Records and rules without any I/O."""
