// What was read, by whom and on which day; written in batches off the read path.  Each row names the space in which the
// reader saw the memory.

// name: add_accesses
// Counts answers that contained a memory.  The count takes the lock; what days of use are worth by now follows from values
// that are read after it, as another process may have counted meanwhile.
UNWIND $accesses AS access
MATCH (memory:Memory|Episode {id: access.id})
WHERE memory.space_key = access.space_key
SET memory.access_count = memory.access_count + access.count
WITH memory.id AS id, access
MATCH (counted:Memory|Episode {id: id})
SET counted.uses = coalesce(counted.uses, 0.0) * 0.5 ^ CASE
      WHEN counted.last_accessed_at < access.at
        THEN duration.inSeconds(counted.last_accessed_at, access.at).seconds / $half_life_seconds
      ELSE 0.0 END,
    counted.last_accessed_at = CASE
      WHEN counted.last_accessed_at > access.at THEN counted.last_accessed_at ELSE access.at END;

// name: create_recalls
// One event for each reader, space and day, whatever was read; a memory that is new in it was used on one more day, so its
// tier is looked at again.
UNWIND $recalls AS recall
MERGE (event:RecallEvent {id: recall.id})
ON CREATE SET event.space_key = recall.space_key, event.tenant_id = recall.tenant_id, event.agent_id = recall.agent_id,
  event.at = recall.at
WITH event, recall
UNWIND recall.memory_ids AS memory_id
MATCH (memory:Memory {id: memory_id})
WHERE memory.space_key = recall.space_key
MERGE (event)-[recalled:RECALLED]->(memory)
ON CREATE SET recalled.at = recall.at, recalled.count = 0, memory.uses = coalesce(memory.uses, 0.0) + 1,
  memory.review_at = CASE WHEN memory.state = 'active' THEN recall.at ELSE memory.review_at END
SET recalled.count = recalled.count + 1;
