// Relations that are found between memories which are there already.  A memory whose present text was compared with what is
// around it bears that text's hash as `compared_hash`; a pair that was compared bears a JUDGED relationship, whatever came
// of it, so that nothing is judged twice.  Every query takes the space and the visibility tokens of the one it works for.

// name: count_uncompared
// How many current memories were not compared with others since their text was made.
MATCH (memory:Memory {space_key: $space_key})
WHERE memory.created_at IS NOT NULL AND memory.state = 'active' AND memory.visible_to IN $visible
  AND memory.embed_task IS NULL AND coalesce(memory.compared_hash, '') <> memory.text_hash
RETURN count(*) AS waiting;

// name: list_uncompared
// The next of them in the order of their making, from a (time, id) on, so that a run reads each memory once.
MATCH (memory:Memory {space_key: $space_key}) USING INDEX memory:Memory(space_key, created_at)
WHERE memory.created_at >= $after AND NOT (memory.created_at = $after AND memory.id <= $after_id)
  AND memory.state = 'active' AND memory.visible_to IN $visible
  AND memory.embed_task IS NULL AND coalesce(memory.compared_hash, '') <> memory.text_hash
WITH memory ORDER BY memory.space_key, memory.created_at, memory.id LIMIT $limit
RETURN {id: memory.id, text_hash: memory.text_hash, created_at: memory.created_at} AS memory
ORDER BY memory.created_at, memory.id;

// name: list_pairs
// For each memory those of the same audience that it may have to do with: close in meaning, about the same slot, sharing two
// entities that are not everywhere; so many of each kind.  Without the pairs that were judged as they are now, that a
// decision was about, or that have a relation.  `compared` is that of list_candidates.
CYPHER 25
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key = $space_key AND memory.visible_to IN $visible AND memory.state = 'active'
CALL (memory) {
  WITH memory.embedding AS embedding, memory.visible_to AS visible_to WHERE embedding IS NOT NULL AND $compared IS NULL
  MATCH (other:Memory)
  SEARCH other IN (
    VECTOR INDEX memory_embedding FOR embedding
    WHERE other.space_key = $space_key AND other.visible_to = visible_to AND other.kind = 'memory' AND other.state = 'active'
    LIMIT $close
  )
  RETURN other
  UNION
  UNWIND $compared AS id
  MATCH (other:Memory {id: id})
  WHERE other.space_key = $space_key AND other.state = 'active' AND other.visible_to = memory.visible_to
    AND size(other.embedding) = size(memory.embedding)
  RETURN other ORDER BY vector.similarity.cosine(other.embedding, memory.embedding) DESC LIMIT $close
  UNION
  MATCH (memory)-[:ABOUT]->(:Slot)<-[:ABOUT]-(other:Memory)
  WITH other LIMIT $most_read
  WITH other WHERE other.state = 'active'
  RETURN other ORDER BY other.valid_from DESC, other.id LIMIT $same_slot
  UNION
  MATCH (memory)-[:MENTIONS]->(entity:Entity)
  WHERE COUNT { (entity)<-[:MENTIONS]-() } <= $most_mentions
  MATCH (entity)<-[:MENTIONS]-(other:Memory)
  WHERE other.state = 'active'
  WITH other, count(DISTINCT entity) AS shared WHERE shared >= 2
  RETURN other ORDER BY shared DESC, other.id LIMIT $same_entities
}
WITH DISTINCT memory, other
WHERE other <> memory AND other.space_key = $space_key AND other.visible_to = memory.visible_to AND other.derived_key IS NULL
  AND NOT EXISTS {
    MATCH (memory)-[judged:JUDGED]-(other)
    WHERE judged.hashes = CASE WHEN memory.id < other.id THEN memory.text_hash + other.text_hash ELSE other.text_hash + memory.text_hash END
  }
  AND NOT EXISTS { (memory)-[:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM]-(other) }
  AND NOT EXISTS { (memory)<-[:DECIDED]-(:Decision)-[:DECIDED]->(other) }
RETURN {
  left_id: memory.id, right_id: other.id,
  score: CASE WHEN memory.embedding IS NOT NULL AND size(memory.embedding) = size(other.embedding)
    THEN vector.similarity.cosine(memory.embedding, other.embedding) END
} AS pair
ORDER BY pair.left_id, pair.right_id;

// name: list_compared_statements
// Current memories as they are compared, with whether their slot has one value at a time.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key = $space_key AND memory.visible_to IN $visible AND memory.state = 'active'
RETURN {
  id: memory.id, text: memory.content, text_hash: memory.text_hash, category: memory.category, memory_type: memory.memory_type,
  asserter: CASE WHEN coalesce(memory.speaker, '') = '' THEN memory.tenant_id ELSE memory.speaker END,
  session_id: memory.session_id, said_at: memory.valid_from, valid_to: memory.valid_to, confidence: memory.confidence,
  importance: memory.importance, subject: coalesce(memory.subject, ''), attribute: coalesce(memory.attribute, ''),
  value: coalesce(memory.value, ''), context: coalesce(memory.context, ''), modality: coalesce(memory.modality, 'fact'),
  cardinality: coalesce(head([(memory)-[:ABOUT]->(slot:Slot) | slot.cardinality]), 'many')
} AS statement;

// name: list_unjudged
// The numbers of those pairs, whose lower id comes first, that nobody judged or changed since they were read; the caller holds
// the lock of the space.
UNWIND $rows AS row
MATCH (lower:Memory {id: row.lower_id}) WHERE lower.space_key = $space_key AND lower.state = 'active'
MATCH (higher:Memory {id: row.higher_id}) WHERE higher.space_key = $space_key AND higher.state = 'active'
WITH row, lower, higher
WHERE lower.text_hash + higher.text_hash = row.hashes
  AND NOT EXISTS { MATCH (lower)-[judged:JUDGED]->(higher) WHERE judged.hashes = row.hashes }
RETURN row.number AS number
ORDER BY number;

// name: create_judgements
// Records what pairs were judged to be, in the place of what was said of their former texts.
UNWIND $rows AS row
MATCH (lower:Memory {id: row.lower_id}) WHERE lower.space_key = $space_key
MATCH (higher:Memory {id: row.higher_id}) WHERE higher.space_key = $space_key
MERGE (lower)-[judged:JUDGED]->(higher)
SET judged.label = row.label, judged.method = row.method, judged.weight = row.weight, judged.hashes = row.hashes,
    judged.task = $task_id, judged.created_at = $now;

// name: create_close_pairs
// Records which memories lie close to each other: geometry, never evidence.
UNWIND $rows AS row
MATCH (lower:Memory {id: row.lower_id}) WHERE lower.space_key = $space_key
MATCH (higher:Memory {id: row.higher_id}) WHERE higher.space_key = $space_key
MERGE (lower)-[relation:SIMILAR_TO]->(higher)
ON CREATE SET relation.id = randomUUID(), relation.method = 'vector', relation.task = $task_id, relation.created_at = $now
SET relation.cosine = row.cosine, relation.weight = row.cosine;

// name: mark_compared
// Records that memories with these texts were compared with what is around them.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.id})
WHERE memory.space_key = $space_key AND memory.text_hash = row.text_hash
SET memory.compared_hash = row.text_hash;

// name: list_discovered_from
// Decisions of discovery that still hold and build on what decisions made or changed: what was found goes with them.
UNWIND $ids AS id
MATCH (decision:Decision {id: id})
WHERE decision.space_key = $space_key
MATCH (decision)-[mine:DECIDED]->(:Memory)<-[theirs:DECIDED]-(later:Decision)
WHERE later.undone_at IS NULL AND NOT later.id IN $ids AND later.is_discovered
  AND (later.rev > decision.rev OR (later.rev = decision.rev AND later.fact > decision.fact))
  AND (mine.op = 'created' OR (mine.op = 'changed' AND theirs.op = 'changed'))
WITH DISTINCT later
RETURN later {.*} AS decision
ORDER BY decision.rev DESC, decision.fact DESC;
