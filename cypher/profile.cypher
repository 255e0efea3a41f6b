// What a profile is made of.  The best of each category are read in index order, for each space and token the caller may
// see, so that it costs the same however many memories there are.

// name: get_standing
// The caller's name, and how far his spaces have moved, in the order of their keys.
MATCH (tenant:Tenant {id: $tenant_id})
RETURN tenant {
  .name,
  revs: COLLECT { UNWIND $space_keys AS space_key MATCH (state:SpaceState {space_key: space_key}) RETURN state.space_key + ' ' + toString(state.rev) ORDER BY space_key }
} AS standing;

// name: list_important
// The ids of the most important memories of each category that hold at a time, the latest of equally important ones first.
UNWIND $space_keys AS space_key
UNWIND $visible AS token
UNWIND $states AS state
UNWIND $categories AS category
CALL (space_key, token, state, category) {
  MATCH (memory:Memory) USING INDEX memory:Memory(space_key, visible_to, state, category, importance, created_at)
  WHERE memory.space_key = space_key AND memory.visible_to = token AND memory.state = state AND memory.category = category
    AND memory.importance >= 0 AND memory.created_at IS NOT NULL
    AND memory.valid_from <= $at AND memory.valid_to > $at AND memory.confidence >= $least_confidence
    AND memory.needs_review IS NULL AND memory.derived_key IS NULL AND ($agent_id = '' OR memory.agent_id = $agent_id)
  RETURN memory.id AS id
  ORDER BY memory.space_key DESC, memory.visible_to DESC, memory.state DESC, memory.category DESC, memory.importance DESC,
           memory.created_at DESC
  LIMIT $limit
}
RETURN id;

// name: list_begun
// The ids of the latest memories of each category that became true in a time, and still hold.
UNWIND $space_keys AS space_key
UNWIND $visible AS token
UNWIND $states AS state
UNWIND $categories AS category
CALL (space_key, token, state, category) {
  MATCH (memory:Memory) USING INDEX memory:Memory(space_key, visible_to, state, category, valid_from)
  WHERE memory.space_key = space_key AND memory.visible_to = token AND memory.state = state AND memory.category = category
    AND memory.valid_from > $since AND memory.valid_from <= $at
    AND memory.valid_to > $at AND memory.confidence >= $least_confidence
    AND memory.needs_review IS NULL AND memory.derived_key IS NULL AND ($agent_id = '' OR memory.agent_id = $agent_id)
  RETURN memory.id AS id
  ORDER BY memory.space_key DESC, memory.visible_to DESC, memory.state DESC, memory.category DESC, memory.valid_from DESC
  LIMIT $limit
}
RETURN id;

// name: list_told_events
// The events told last by a time, and when: their texts name the days of those that are still to come.
UNWIND $space_keys AS space_key
UNWIND $visible AS token
UNWIND $states AS state
CALL (space_key, token, state) {
  MATCH (memory:Memory) USING INDEX memory:Memory(space_key, visible_to, state, category, valid_from)
  WHERE memory.space_key = space_key AND memory.visible_to = token AND memory.state = state AND memory.category = $category
    AND memory.valid_from <= $at AND memory.valid_to > $at AND memory.confidence >= $least_confidence
    AND memory.needs_review IS NULL AND memory.derived_key IS NULL AND ($agent_id = '' OR memory.agent_id = $agent_id)
  RETURN memory
  ORDER BY memory.space_key DESC, memory.visible_to DESC, memory.state DESC, memory.category DESC, memory.valid_from DESC
  LIMIT $limit
}
RETURN memory {.id, .content, valid_from: toString(memory.valid_from)};

// name: list_coming
// The ids of the next memories of each category that become true after a time and were told by then.
UNWIND $space_keys AS space_key
UNWIND $visible AS token
UNWIND $states AS state
UNWIND $categories AS category
CALL (space_key, token, state, category) {
  MATCH (memory:Memory) USING INDEX memory:Memory(space_key, visible_to, state, category, valid_from)
  WHERE memory.space_key = space_key AND memory.visible_to = token AND memory.state = state AND memory.category = category
    AND memory.valid_from > $at AND memory.created_at <= $at AND memory.confidence >= $least_confidence
    AND memory.needs_review IS NULL AND memory.derived_key IS NULL AND ($agent_id = '' OR memory.agent_id = $agent_id)
  RETURN memory.id AS id
  ORDER BY memory.space_key, memory.visible_to, memory.state, memory.category, memory.valid_from
  LIMIT $limit
}
RETURN id;

// name: list_of_subjects
// The ids of the memories that give the values of some attributes of these subjects, as far as they hold at a time.
UNWIND $space_keys AS space_key
UNWIND $subjects AS subject
UNWIND $attributes AS attribute
MATCH (slot:Slot {space_key: space_key, subject: subject, attribute: attribute, context: ''})
CALL (slot) {
  // Without a label, since the planner would start from all memories of the space otherwise.
  MATCH (slot)<-[:ABOUT]-(memory)
  WHERE memory.space_key = slot.space_key AND memory.visible_to IN $visible AND memory.state IN $states
    AND memory.valid_from <= $at AND memory.valid_to > $at AND memory.confidence >= $least_confidence
    AND memory.needs_review IS NULL AND memory.derived_key IS NULL AND ($agent_id = '' OR memory.agent_id = $agent_id)
  RETURN memory.id AS id LIMIT $limit
}
RETURN id;

// name: list_statements
// Memories with all that a profile says of them: the slot they fill, what they replaced, what contradicts them, where they
// come from.  Times as text, which costs the driver a fraction of times.
UNWIND range(0, size($ids) - 1) AS rank
MATCH (memory:Memory {id: $ids[rank]})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
CALL (memory) {
  OPTIONAL MATCH (memory)-[about:ABOUT]->(slot:Slot)
  WITH about, slot ORDER BY slot.id LIMIT 1
  OPTIONAL MATCH (named:Entity {space_key: slot.space_key, norm_name: slot.subject})-[:SAME_AS*0..]->(root:Entity)
  WHERE NOT EXISTS { (root)-[:SAME_AS]->() }
  WITH about, slot, named, root ORDER BY EXISTS { (root)<-[:SAME_AS]-() } DESC, root.id LIMIT 1
  RETURN CASE WHEN slot IS NOT NULL THEN slot {
    .id, .subject, .attribute, .context, .cardinality, value: about.value,
    thing: coalesce(root.norm_name, slot.subject), type: coalesce(named.type, '')
  } END AS slot
}
RETURN memory {
  .id, .content, .l0_abstract, .category, .importance, .confidence, .space_key, .speaker, .text_hash, .agent_id, .tenant_id,
  modality: coalesce(memory.modality, 'fact'),
  valid_from: toString(memory.valid_from), valid_to: toString(memory.valid_to), created_at: toString(memory.created_at),
  confirmed_at: toString(coalesce(memory.last_confirmed_at, memory.created_at)),
  slot: slot,
  origin_id: coalesce(head([(memory)-[:SHARED_FROM]->(origin:Memory|Episode|Origin) | origin.id]), memory.id),
  previous: head(COLLECT {
    MATCH (memory)-[:SUPERSEDES]->(older:Memory)
    WHERE older.space_key IN $space_keys AND older.visible_to IN $visible AND older.state = 'superseded'
    OPTIONAL MATCH (older)-[about:ABOUT]->(:Slot)
    WITH older, coalesce(about.value, older.content) AS value ORDER BY older.valid_to DESC, older.id LIMIT 1
    RETURN older {.id, value: value, until: toString(older.valid_to)}
  }),
  disputed: COLLECT {
    MATCH (memory)-[conflict:CONTRADICTS]-(other:Memory)
    WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND other.state IN $states
      AND conflict.resolved_by IS NULL AND other.valid_from <= $at AND other.valid_to > $at
    WITH DISTINCT other ORDER BY other.id LIMIT $most_sources
    RETURN other {.id, .content, .confidence, valid_to: toString(other.valid_to)}
  },
  sources: COLLECT {
    MATCH (memory)<-[:SUPPORTS]-(other:Memory)
    WHERE other.space_key IN $space_keys AND other.visible_to IN $visible AND NOT other.state IN ['deleted', 'retracted']
    WITH DISTINCT other ORDER BY other.id LIMIT $most_sources
    RETURN other.id
  },
  messages: COLLECT {
    MATCH (memory)-[:EXTRACTED_FROM]->(message:Episode)
    WHERE message.space_key IN $space_keys AND message.visible_to IN $visible AND message.state <> 'deleted'
    WITH DISTINCT message ORDER BY message.created_at, message.id LIMIT $most_sources
    RETURN message {.id, .session_id}
  }
} AS statement
ORDER BY rank;

// name: list_topics
// The communities with the most memories since a time that the caller sees, with their most central memories and names, and
// what consolidation derived from them.
UNWIND $space_keys AS space_key
MATCH (community:Community {space_key: space_key})
CALL (community) {
  MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
  WHERE memory.space_key = community.space_key AND memory.visible_to IN $visible AND memory.state = 'active'
  RETURN count(memory) AS memory_count, sum(CASE WHEN memory.created_at > $since THEN 1 ELSE 0 END) AS recent_count
}
WITH community, memory_count, recent_count WHERE recent_count > 0
ORDER BY recent_count DESC, memory_count DESC, community.id LIMIT $limit
CALL (community) {
  MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
  WHERE memory.space_key = community.space_key AND memory.visible_to IN $visible AND memory.state = 'active'
  WITH memory ORDER BY memory.centrality DESC, memory.id LIMIT $shown
  RETURN collect(memory.id) AS memory_ids, collect(memory.content) AS texts
}
RETURN {
  id: community.id, space_key: community.space_key, memory_count: memory_count, recent_count: recent_count,
  memory_ids: memory_ids, texts: texts,
  names: COLLECT {
    MATCH (community)<-[:IN_COMMUNITY]-(entity:Entity)
    WHERE EXISTS {
      MATCH (entity)<-[:MENTIONS]-(memory:Memory)-[:IN_COMMUNITY]->(community)
      WHERE memory.visible_to IN $visible AND memory.state = 'active'
    }
    RETURN entity.name AS name ORDER BY entity.centrality DESC, entity.id LIMIT $shown
  },
  summary: head(COLLECT {
    MATCH (derived:Memory {derived_key: community.id})
    WHERE derived.space_key = community.space_key AND derived.visible_to IN $visible AND derived.state = 'active'
      AND derived.needs_review IS NULL
    RETURN derived {.id, .content, .category, .tags} AS summary ORDER BY derived.created_at DESC, derived.id
  })
} AS topic
ORDER BY topic.recent_count DESC, topic.memory_count DESC, topic.id;
