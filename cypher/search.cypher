// Search.  The text legs are asked while the question is embedded, the vector leg then.  What does not filter is a range
// that matches everything, since a text of a query is fixed (architecture §2).  The hits of the legs come as one row, and
// times as text: the driver takes 75 µs a row and 71 µs a time.

// name: search_vector_leg
// The nearest in the index, in order.  What the text legs have found already comes without its properties: to read them
// takes longer than to find what has them.  For the same reason only the first of the others are read; to ask the index
// for fewer would make it search less thoroughly.
CYPHER 25
CALL () {
  UNWIND $embeddings AS embedding
  MATCH (hit:Memory|Episode|Chunk)
  SEARCH hit IN (
    VECTOR INDEX memory_embedding FOR embedding
    WHERE hit.space_key IN $space_keys AND hit.visible_to IN $visible AND hit.kind IN $kinds AND hit.state IN $leg_states
      AND hit.category IN $categories AND hit.memory_type IN $memory_types
      AND hit.source >= $source_from AND hit.source <= $source_to
      AND hit.agent_id >= $agent_from AND hit.agent_id <= $agent_to
      AND hit.session_id >= $session_from AND hit.session_id <= $session_to
      AND hit.valid_from >= $valid_from_min AND hit.valid_from <= $valid_from_max AND hit.valid_to > $leg_valid_to_min
      AND hit.recorded_at <= $recorded_at_max AND hit.retired_at > $retired_at_min
    LIMIT $vector_limit
  ) SCORE AS score
  RETURN hit, score ORDER BY score DESC
}
WITH collect({hit: hit, score: score}) AS found
UNWIND range(0, size(found) - 1) AS rank
WITH rank, found[rank].hit AS hit, found[rank].score AS score, 'vector' AS leg
OPTIONAL MATCH (hit)-[:PART_OF]->(whole:Memory|Episode)
WITH rank, coalesce(whole, hit) AS memory, hit, score, leg
WHERE (rank < $read_limit OR memory.id IN $known_ids) AND memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.kind IN $kinds AND memory.state IN $leg_states
  AND memory.valid_from >= $valid_from_min AND memory.valid_from <= $valid_from_max
  // What has a successor leads to it, so its own time may be over.
  AND (memory.valid_to > $valid_to_min OR NOT memory.state IN $states)
  AND memory.recorded_at <= $recorded_at_max AND memory.retired_at > $retired_at_min
WITH {
  id: memory.id, score: score,
  hit: CASE WHEN memory.id IN $known_ids THEN null ELSE {
    id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: leg, score: score, text: hit.content,
    kind: memory.kind, space_key: memory.space_key, state: memory.state,
    session_id: memory.session_id, position: memory.position, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
    evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
    importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
    tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
    created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
  } END
} AS near
RETURN collect(near) AS found;

// name: search_text_legs
// What has the words, one branch a language.  A leg whose list of queries is empty is not asked.
CYPHER 25
CALL () {
  UNWIND $english_queries AS text_query
  CALL db.index.fulltext.queryNodes('memory_text', text_query, {limit: $text_limit}) YIELD node AS hit
  RETURN hit, null AS score, 'english' AS leg
  UNION ALL
  UNWIND $cjk_queries AS text_query
  CALL db.index.fulltext.queryNodes('memory_text_cjk', text_query, {limit: $text_limit}) YIELD node AS hit
  RETURN hit, null AS score, 'cjk' AS leg
}
WITH hit, score, leg
OPTIONAL MATCH (hit)-[:PART_OF]->(whole:Memory|Episode)
WITH coalesce(whole, hit) AS memory, hit, score, leg
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.kind IN $kinds AND memory.state IN $leg_states
  AND memory.valid_from >= $valid_from_min AND memory.valid_from <= $valid_from_max
  // What has a successor leads to it, so its own time may be over.
  AND (memory.valid_to > $valid_to_min OR NOT memory.state IN $states)
  AND memory.recorded_at <= $recorded_at_max AND memory.retired_at > $retired_at_min
WITH {
  id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: leg, score: score, text: hit.content,
  kind: memory.kind, space_key: memory.space_key, state: memory.state,
  session_id: memory.session_id, position: memory.position, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
  evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
  importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
  tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
  created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
} AS hit
RETURN collect(hit) AS hits;

// name: search_by_ids
// The vector leg over few, known memories: exact cosine instead of the index.
CYPHER 25
UNWIND $ids AS id
MATCH (memory:Memory|Episode {id: id})
CALL (memory) {
  WITH memory WHERE memory.embedding IS NOT NULL RETURN memory AS hit
  UNION ALL
  MATCH (memory)<-[:PART_OF]-(chunk:Chunk) WHERE chunk.embedding IS NOT NULL RETURN chunk AS hit
}
WITH hit, vector.similarity.cosine(hit.embedding, $embedding) AS score, 'vector' AS leg
WITH hit, score, leg
OPTIONAL MATCH (hit)-[:PART_OF]->(whole:Memory|Episode)
WITH coalesce(whole, hit) AS memory, hit, score, leg
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.kind IN $kinds AND memory.state IN $states
  AND memory.category IN $categories AND memory.memory_type IN $memory_types
  AND ($source_from = '' OR memory.source = $source_from)
  AND ($agent_from = '' OR memory.agent_id = $agent_from)
  AND ($session_from = '' OR memory.session_id = $session_from)
  AND memory.valid_from >= $valid_from_min AND memory.valid_from <= $valid_from_max AND memory.valid_to > $valid_to_min
  AND memory.recorded_at <= $recorded_at_max AND memory.retired_at > $retired_at_min
RETURN {
  id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: leg, score: score, text: hit.content,
  kind: memory.kind, space_key: memory.space_key, state: memory.state,
  session_id: memory.session_id, position: memory.position, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
  evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
  importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
  tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
  created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
} AS hit
ORDER BY score DESC
LIMIT $vector_limit;

// name: list_tagged
// The ids of what carries all of these tags, at most a given number of them.
MATCH (tag:Tag)<-[:TAGGED]-(memory:Memory|Episode)
WHERE tag.space_key IN $space_keys AND tag.name = $first_tag
  AND memory.visible_to IN $visible AND memory.state IN $states AND all(name IN $tags WHERE name IN memory.tags)
RETURN memory.id AS id
LIMIT $limit;

// name: list_recent
// The newest memories that pass the filters, and the newest messages for which there is room: what an empty query answers.
// Messages of one request have the same time, so their position orders them.
UNWIND $space_keys AS space_key
// The hint, a range that excludes nothing and the space in the order make the planner read newest first and stop early.
CALL (space_key) {
  MATCH (hit:Memory) USING INDEX hit:Memory(space_key, created_at)
  WHERE 'memory' IN $kinds AND hit.space_key = space_key AND hit.created_at <= $latest AND hit.state IN $states AND hit.visible_to IN $visible
    AND hit.category IN $categories AND hit.memory_type IN $memory_types
    AND ($source_from = '' OR hit.source = $source_from)
    AND ($agent_from = '' OR hit.agent_id = $agent_from)
    AND ($session_from = '' OR hit.session_id = $session_from)
    AND all(tag IN $tags WHERE tag IN hit.tags)
    AND hit.valid_from >= $valid_from_min AND hit.valid_from <= $valid_from_max AND hit.valid_to > $valid_to_min
    AND hit.recorded_at <= $recorded_at_max AND hit.retired_at > $retired_at_min
  RETURN hit ORDER BY hit.space_key DESC, hit.created_at DESC LIMIT $limit
  UNION ALL
  MATCH (hit:Episode) USING INDEX hit:Episode(space_key, created_at)
  WHERE 'message' IN $kinds AND hit.space_key = space_key AND hit.created_at <= $latest AND hit.state IN $states AND hit.visible_to IN $visible
    AND hit.category IN $categories AND hit.memory_type IN $memory_types
    AND ($source_from = '' OR hit.source = $source_from)
    AND ($agent_from = '' OR hit.agent_id = $agent_from)
    AND ($session_from = '' OR hit.session_id = $session_from)
    AND all(tag IN $tags WHERE tag IN hit.tags)
    AND hit.valid_from >= $valid_from_min AND hit.valid_from <= $valid_from_max AND hit.valid_to > $valid_to_min
    AND hit.recorded_at <= $recorded_at_max AND hit.retired_at > $retired_at_min
  RETURN hit ORDER BY hit.space_key DESC, hit.created_at DESC, hit.position DESC LIMIT $limit
}
WITH hit AS memory
RETURN {
  id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: 'recent', score: null, text: memory.content,
  kind: memory.kind, space_key: memory.space_key, state: memory.state,
  session_id: memory.session_id, position: memory.position, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
  evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
  importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
  tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
  created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
} AS hit
ORDER BY memory:Episode, memory.created_at DESC, memory.position DESC, memory.id DESC
LIMIT $limit;

// name: list_compared
// The current memories of a space that a reader sees, at most a given number of them.
MATCH (memory:Memory {space_key: $space_key})
WHERE memory.state = 'active' AND memory.visible_to IN $visible
RETURN memory.id AS id
LIMIT $limit;

// name: list_neighbours
// The memories of the same space that lie closest to a memory, and how close in the index's scale.  `compared` is that
// of list_candidates.
CYPHER 25
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key AND memory.embedding IS NOT NULL
CALL (memory) {
  WITH memory.embedding AS embedding WHERE $compared IS NULL
  MATCH (other:Memory)
  SEARCH other IN (
    VECTOR INDEX memory_embedding FOR embedding
    WHERE other.space_key = $space_key AND other.visible_to IN $visible AND other.kind = 'memory' AND other.state = 'active'
    LIMIT $limit
  ) SCORE AS score
  RETURN other, score
  UNION ALL
  UNWIND $compared AS id
  MATCH (other:Memory {id: id})
  WHERE other.space_key = $space_key AND other.state = 'active' AND other.visible_to IN $visible
    AND size(other.embedding) = size(memory.embedding)
  RETURN other, vector.similarity.cosine(other.embedding, memory.embedding) AS score ORDER BY score DESC LIMIT $limit
}
WITH memory, other, score WHERE other.id <> memory.id
RETURN {id: other.id, score: score} AS neighbour;
