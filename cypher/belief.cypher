// How far memories are believed: what speaks for and against them within their space, and the outcome.  Both queries
// take the space that is written to and run under its lock.

// name: list_claims
// The memories whose belief may move when these ones change, at most so many: three steps around them, and two more
// towards conclusions; each with what speaks for and against it and what it follows from.  What counts is seen by all
// who see the memory itself, so that no belief tells of what is hidden.
MATCH (start:Memory)
WHERE start.id IN $ids AND start.space_key = $space_key
WITH collect(DISTINCT start) AS level0
CALL (level0) {
  UNWIND level0 AS memory
  MATCH (memory)-[:SUPPORTS|CONTRADICTS|DERIVED_FROM]-(next:Memory)
  WHERE next.space_key = $space_key AND NOT next.state IN ['retracted', 'deleted']
  RETURN collect(DISTINCT next)[..$limit] AS level1
}
CALL (level1) {
  UNWIND level1 AS memory
  MATCH (memory)-[:SUPPORTS|CONTRADICTS|DERIVED_FROM]-(next:Memory)
  WHERE next.space_key = $space_key AND NOT next.state IN ['retracted', 'deleted']
  RETURN collect(DISTINCT next)[..$limit] AS level2
}
CALL (level2) {
  UNWIND level2 AS memory
  MATCH (memory)-[:SUPPORTS|CONTRADICTS|DERIVED_FROM]-(next:Memory)
  WHERE next.space_key = $space_key AND NOT next.state IN ['retracted', 'deleted']
  RETURN collect(DISTINCT next)[..$limit] AS level3
}
CALL (level3) {
  UNWIND level3 AS memory
  MATCH (memory)<-[:DERIVED_FROM]-(next:Memory)
  WHERE next.space_key = $space_key AND NOT next.state IN ['retracted', 'deleted']
  RETURN collect(DISTINCT next)[..$limit] AS level4
}
CALL (level4) {
  UNWIND level4 AS memory
  MATCH (memory)<-[:DERIVED_FROM]-(next:Memory)
  WHERE next.space_key = $space_key AND NOT next.state IN ['retracted', 'deleted']
  RETURN collect(DISTINCT next)[..$limit] AS level5
}
UNWIND level0 + level1 + level2 + level3 + level4 + level5 AS memory
WITH DISTINCT memory WHERE NOT memory.state IN ['retracted', 'deleted']
WITH memory LIMIT $limit
RETURN memory {
  .id, .base_confidence, .confidence, needs_review: coalesce(memory.needs_review, false),
  evidence: COLLECT {
    MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|DERIVED_FROM]-(other:Memory)
    WHERE other.space_key = $space_key AND other.visible_to IN ['all0', memory.visible_to]
      AND CASE type(relation)
        WHEN 'SUPPORTS' THEN endNode(relation) = memory AND NOT other.state IN ['retracted', 'deleted']
        WHEN 'CONTRADICTS' THEN relation.resolved_by IS NULL AND NOT other.state IN ['retracted', 'deleted']
        ELSE startNode(relation) = memory END
    RETURN {
      id: other.id, type: type(relation), weight: coalesce(relation.weight, 1.0), base_confidence: other.base_confidence,
      confidence: CASE WHEN other.state IN ['retracted', 'deleted'] THEN 0.0 ELSE other.confidence END,
      asserter: CASE coalesce(other.speaker, '') WHEN '' THEN other.tenant_id ELSE other.speaker END,
      session_id: other.session_id,
      is_changed: type(relation) = 'DERIVED_FROM' AND (
        other.state IN ['superseded', 'expired'] OR coalesce(relation.text_hash, other.text_hash) <> other.text_hash)
    }
  }
} AS claim;

// name: update_beliefs
// The belief in memories, and whether they are to be looked at again because a premise has fallen or says something else.
// What consolidation derived is outdated then, so that search passes over it until it is said anew.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.id})
WHERE memory.space_key = $space_key
SET memory.confidence = row.confidence, memory.needs_review = CASE WHEN row.needs_review THEN true END,
    memory.outdated = CASE WHEN memory.derived_key IS NULL THEN memory.outdated ELSE row.needs_review END,
    memory.rev = memory.rev + 1
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to} AS touched;
