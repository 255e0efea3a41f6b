"""The service as tools for agents: one table for both transports, each tool a few calls of the typed client."""
