"""Cypher in, records out."""
