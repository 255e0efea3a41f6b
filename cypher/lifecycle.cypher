// The age of memories.  What a task of a space changes is changed whoever sees it, under the lock of the space; what is
// shown to somebody takes their spaces and visibility tokens.

// name: list_due
// The memories of a space that are to be looked at by now, longest due first, with what their age follows from.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, review_at)
WHERE memory.space_key = $space_key AND memory.review_at <= $now AND ($is_task OR memory.visible_to IN $visible)
WITH memory ORDER BY memory.space_key, memory.review_at LIMIT $limit
RETURN memory {
  .id, .visible_to, .category, .state, .memory_type, .tier, .importance, .created_at, .valid_to, .tier_at, .review_at,
  uses: coalesce(memory.uses, 0.0), centrality: coalesce(memory.centrality, 0.5),
  used_at: reduce(latest = memory.created_at, moment IN [
      memory.recorded_at, memory.updated_at, coalesce(memory.last_accessed_at, memory.created_at),
      coalesce(memory.last_confirmed_at, memory.created_at)
    ] | CASE WHEN moment > latest THEN moment ELSE latest END),
  sources: COUNT {
    MATCH (memory)-[:EXTRACTED_FROM]->(message:Episode)
    RETURN DISTINCT coalesce(message.speaker, '') + '\n' + message.session_id AS source
  },
  is_head: EXISTS { (memory)-[:ABOUT]->(:Slot {cardinality: 'one'}) },
  is_disputed: EXISTS {
    MATCH (memory)-[conflict:CONTRADICTS]-(other:Memory) WHERE conflict.resolved_by IS NULL AND other.state = 'active'
  },
  is_followed: EXISTS {
    MATCH (memory)<-[:SHARED_FROM {mode: 'live'}]-(copy:Memory) WHERE copy.state = 'active'
  },
  is_live_copy: EXISTS { (memory)-[:SHARED_FROM {mode: 'live'}]->(:Memory) }
} AS aging
ORDER BY aging.review_at, aging.id;

// name: update_reviews
// Tiers, and when memories are looked at again.  Who was answered with one meanwhile wants it looked at sooner.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.id})
WHERE memory.space_key = $space_key
SET memory.tier = row.tier,
    memory.tier_at = CASE WHEN row.has_moved THEN $now ELSE memory.tier_at END,
    memory.rev = memory.rev + CASE WHEN row.has_moved THEN 1 ELSE 0 END,
    memory.review_at = CASE WHEN memory.review_at > row.seen_at THEN memory.review_at ELSE row.review_at END
WITH memory, row WHERE row.has_moved
RETURN {id: memory.id, space_key: memory.space_key, visible_to: memory.visible_to} AS touched;

// name: count_due
// How many memories that the caller may see are to be looked at by now.
UNWIND $space_keys AS space_key
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, review_at)
WHERE memory.space_key = space_key AND memory.review_at <= $now AND memory.visible_to IN $visible
RETURN count(*) AS total;
