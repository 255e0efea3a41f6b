"""Clients of models: embedders and language models."""
