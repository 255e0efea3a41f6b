// What must not be in the database at all.

// name: list_leaks
// Where a string occurs in a property of any node or relationship: the label or type, the property, the string.  Vectors
// are left out: they hold no text, and reading them takes minutes.
CYPHER 25
CALL () {
  MATCH (node) UNWIND [name IN keys(node) WHERE name <> 'embedding'] AS key
  RETURN head(labels(node)) AS place, key, node[key] AS value
  UNION ALL
  MATCH ()-[relation]->() UNWIND keys(relation) AS key
  RETURN type(relation) AS place, key, relation[key] AS value
}
WITH place, key, CASE
  WHEN valueType(value) STARTS WITH 'STRING' THEN [value]
  WHEN valueType(value) STARTS WITH 'LIST<STRING' THEN value
  ELSE [] END AS texts
UNWIND texts AS text
UNWIND $secrets AS secret
WITH place, key, secret WHERE toLower(text) CONTAINS toLower(secret)
RETURN DISTINCT place + '.' + key + ' holds ' + secret AS leak
ORDER BY leak;
