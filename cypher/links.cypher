// Links: what hangs together with what a search has found.

// name: list_links
// The steps from a question to the heads of slots, and from found memories and messages to their neighbours: through
// entities that are no hubs, typed relations, the order of a conversation and successors.  What was found already comes
// without its properties.
CYPHER 25
CALL () {
  // Who asks is who spoke last in the space of the asker.
  CALL () {
    UNWIND $subjects AS subject RETURN subject
    UNION
    UNWIND $asker_spaces AS space_key
    CALL (space_key) {
      MATCH (episode:Episode) USING INDEX episode:Episode(space_key, created_at)
      WHERE episode.space_key = space_key AND episode.created_at <= $latest AND episode.role = 'user' AND episode.visible_to IN $visible
      RETURN episode.speaker AS speaker ORDER BY episode.space_key DESC, episode.created_at DESC LIMIT 1
    }
    WITH speaker WHERE speaker <> '' RETURN toLower(speaker) AS subject
  }
  UNWIND $space_keys AS space_key
  MATCH (slot:Slot)<-[:ABOUT]-(memory:Memory)
  WHERE slot.space_key = space_key AND slot.subject = subject AND slot.attribute IN $attributes AND memory.state IN $states
  RETURN '' AS from_id, 'slot' AS edge, slot.subject + ' · ' + slot.attribute AS via, 1 AS degree, memory
  LIMIT $limit
  UNION ALL
  UNWIND $seed_ids AS seed_id
  MATCH (seed:Memory|Episode {id: seed_id})
  CALL (seed) {
    RETURN seed AS fact
    UNION
    MATCH (seed)<-[:EXTRACTED_FROM]-(fact:Memory) WHERE fact.space_key IN $space_keys AND fact.visible_to IN $visible
    RETURN fact
  }
  CALL (seed, fact) {
    MATCH (fact)-[:MENTIONS]->(entity:Entity)
    WITH entity, COUNT { (entity)<-[:MENTIONS]-() } AS degree WHERE degree > 1 AND degree <= $hub_degree
    MATCH (entity)<-[:MENTIONS]-(memory:Memory)
    RETURN 'mentions' AS edge, entity.name AS via, degree, memory LIMIT $limit
    UNION ALL
    MATCH (fact)-[relation:SUPPORTS|CONTEXTUALIZES|CONTRADICTS|DERIVED_FROM]-(memory:Memory)
    WHERE relation.resolved_by IS NULL
    RETURN toLower(type(relation)) AS edge, '' AS via, 1 AS degree, memory LIMIT $limit
    UNION ALL
    MATCH (memory:Memory)-[:SUPERSEDES*1..5]->(fact)
    RETURN 'supersedes' AS edge, fact.id AS via, 1 AS degree, memory LIMIT $limit
    UNION ALL
    MATCH (seed:Episode)-[:NEXT]-(memory:Episode)
    RETURN 'next' AS edge, '' AS via, 1 AS degree, memory LIMIT $limit
  }
  WITH seed, edge, via, degree, memory WHERE memory.id <> seed.id
  RETURN seed.id AS from_id, edge, via, degree, memory
}
WITH DISTINCT from_id, edge, via, degree, memory
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.kind IN $kinds AND memory.state IN $states
  AND memory.category IN $categories AND memory.memory_type IN $memory_types
  AND memory.source >= $source_from AND memory.source <= $source_to
  AND memory.agent_id >= $agent_from AND memory.agent_id <= $agent_to
  AND memory.session_id >= $session_from AND memory.session_id <= $session_to
  AND memory.valid_from >= $valid_from_min AND memory.valid_from <= $valid_from_max AND memory.valid_to > $valid_to_min
  AND memory.recorded_at <= $recorded_at_max AND memory.retired_at > $retired_at_min
  AND all(tag IN $tags WHERE tag IN memory.tags)
WITH {
  from_id: from_id, to_id: memory.id, edge: edge, via: via, degree: degree,
  hit: CASE WHEN memory.id IN $known_ids THEN null ELSE {
    id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: 'graph', score: null, text: memory.content,
    kind: memory.kind, space_key: memory.space_key, state: memory.state,
    session_id: memory.session_id, position: memory.position, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
    evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
    importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
    tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
    created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
  } END
} AS step
RETURN collect(step) AS steps;

// name: list_community
// The steps from memories and messages that name a topic to the most central members of the community that most of them
// belong to.  What was found already comes without its properties.
CYPHER 25
UNWIND range(0, size($seed_ids) - 1) AS rank
MATCH (seed:Memory|Episode {id: $seed_ids[rank]})
CALL (seed) {
  RETURN seed AS fact
  UNION
  MATCH (seed)<-[:EXTRACTED_FROM]-(fact:Memory) RETURN fact
}
MATCH (fact)-[:IN_COMMUNITY]->(community:Community)
WHERE community.space_key IN $space_keys AND fact.space_key IN $space_keys AND fact.visible_to IN $visible
WITH community, count(DISTINCT seed) AS voices, min(rank) AS best
ORDER BY voices DESC, best, community.id LIMIT 1
MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
WITH community, best, memory ORDER BY memory.centrality DESC, memory.id LIMIT $limit
WITH $seed_ids[best] AS from_id, 'community' AS edge, community.id AS via, 1 AS degree, memory
WHERE memory.id <> from_id
WITH DISTINCT from_id, edge, via, degree, memory
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.kind IN $kinds AND memory.state IN $states
  AND memory.category IN $categories AND memory.memory_type IN $memory_types
  AND memory.source >= $source_from AND memory.source <= $source_to
  AND memory.agent_id >= $agent_from AND memory.agent_id <= $agent_to
  AND memory.session_id >= $session_from AND memory.session_id <= $session_to
  AND memory.valid_from >= $valid_from_min AND memory.valid_from <= $valid_from_max AND memory.valid_to > $valid_to_min
  AND memory.recorded_at <= $recorded_at_max AND memory.retired_at > $retired_at_min
  AND all(tag IN $tags WHERE tag IN memory.tags)
WITH {
  from_id: from_id, to_id: memory.id, edge: edge, via: via, degree: degree,
  hit: CASE WHEN memory.id IN $known_ids THEN null ELSE {
    id: memory.id, origin_id: coalesce(memory.origin_id, memory.id), leg: 'graph', score: null, text: memory.content,
    kind: memory.kind, space_key: memory.space_key, state: memory.state,
    session_id: memory.session_id, speaker: coalesce(memory.speaker, ''), text_hash: memory.text_hash, tags: memory.tags,
    evidence_ids: coalesce(memory.evidence_ids, []), outdated: coalesce(memory.outdated, false),
    importance: memory.importance, confidence: memory.confidence, pinned: memory.memory_type = 'pinned',
    tier: memory.tier, centrality: coalesce(memory.centrality, 0.5), uses: coalesce(memory.uses, 0.0), used_at: toString(coalesce(memory.last_accessed_at, memory.created_at)),
    created_at: toString(memory.created_at), valid_from: toString(memory.valid_from)
  } END
} AS step
RETURN collect(step) AS steps;

// name: list_opponents
// What contradicts results, or the facts that were made of them, and is believed; open conflicts only.
UNWIND $ids AS id
MATCH (result:Memory|Episode {id: id})
WHERE result.space_key IN $space_keys AND result.visible_to IN $visible
CALL (result) {
  RETURN result AS fact
  UNION
  MATCH (result)<-[:EXTRACTED_FROM]-(fact:Memory) RETURN fact
}
MATCH (fact)-[conflict:CONTRADICTS]-(opponent:Memory)
WHERE conflict.resolved_by IS NULL AND fact.state = 'active' AND opponent.state = 'active'
  AND fact.space_key IN $space_keys AND fact.visible_to IN $visible
  AND opponent.space_key IN $space_keys AND opponent.visible_to IN $visible
WITH id, opponent ORDER BY opponent.confidence DESC, opponent.id LIMIT $limit
RETURN {
  of: id, memory_id: opponent.id, content: opponent.content, confidence: opponent.confidence,
  since: opponent.valid_from
} AS opponent;
