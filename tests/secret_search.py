"""Looks for a text in the whole database, for tests of what must not be there."""

from __future__ import annotations

from neo4j import AsyncDriver

# Every string of every node and relationship, also inside lists, in any case.
SEARCH = """
CALL () {
  MATCH (node) UNWIND keys(node) AS key WITH node, key WHERE key <> 'embedding'
  RETURN labels(node)[0] + '.' + key AS place, node[key] AS value
  UNION ALL
  MATCH ()-[relation]->() UNWIND keys(relation) AS key
  RETURN type(relation) + '.' + key AS place, relation[key] AS value
}
WITH place, CASE WHEN value IS :: STRING THEN [value] WHEN value IS :: LIST<ANY> THEN value ELSE [] END AS values
WHERE any(item IN values WHERE toLower(toStringOrNull(item)) CONTAINS $secret)
RETURN DISTINCT place
"""


async def places(driver: AsyncDriver, secret: str) -> list[str]:
    """Where in the whole database a text lies, in any case."""
    return [record["place"] for record in (await driver.execute_query(SEARCH, secret=secret.lower())).records]
