"""ourmem, a shared memory for AI agents kept as a graph in Neo4j: the service."""
