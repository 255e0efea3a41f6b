// What new facts may be about.

// name: list_candidates
// For each fact the current memories of the space with the same text, and those that lie close to it.
CYPHER 25
UNWIND $facts AS fact
CALL (fact) {
  MATCH (memory:Memory {space_key: $space_key, text_hash: fact.text_hash})
  RETURN memory, 1.0 AS score LIMIT $limit
  UNION ALL
  WITH fact.embedding AS embedding
  MATCH (memory:Memory)
  SEARCH memory IN (
    VECTOR INDEX memory_embedding FOR embedding
    WHERE memory.space_key = $space_key AND memory.visible_to IN $visible AND memory.kind = 'memory' AND memory.state = 'active'
    LIMIT $limit
  ) SCORE AS score
  RETURN memory, score
}
WITH fact, memory, max(score) AS score
WHERE memory.visible_to IN $visible AND memory.state = 'active'
RETURN {
  fact: fact.index, id: memory.id, text: memory.content, text_hash: memory.text_hash, category: memory.category,
  memory_type: memory.memory_type, said_at: memory.valid_from, score: score,
  session_id: memory.session_id, confidence: memory.confidence
} AS candidate
ORDER BY fact.index, memory.id;
