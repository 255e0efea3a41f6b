// What is counted over the spaces of the caller, as far as his agent sees what lies in them.  The service remembers the
// answers until a space moves, which `list_revs` tells.

// name: list_revs
// How often each space was written to; of a space that is gone nothing.
UNWIND $space_keys AS space_key
MATCH (state:SpaceState {space_key: space_key})
WITH state ORDER BY state.space_key
RETURN collect(state.space_key + ' ' + toString(state.rev)) AS revs;

// name: count_groups
// Memories that are alike in all that is counted by, and how many; answered from the index alone, which takes a condition
// on each of its properties.
MATCH (memory:Memory) USING INDEX memory:Memory(
  space_key, state, visible_to, memory_type, category, tier, visibility, owner_agent_id, importance, confidence, created_at
)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
  AND memory.memory_type IS NOT NULL AND memory.category IS NOT NULL AND memory.tier IS NOT NULL
  AND memory.visibility IS NOT NULL AND memory.owner_agent_id IS NOT NULL AND memory.importance IS NOT NULL
  AND memory.confidence IS NOT NULL AND memory.created_at IS NOT NULL
WITH memory.space_key AS space_key, memory.memory_type AS memory_type, memory.category AS category, memory.tier AS tier,
  memory.state AS state, memory.visibility AS visibility, memory.owner_agent_id AS agent_id, count(*) AS count,
  sum(memory.importance) AS importance, sum(memory.confidence) AS confidence, max(memory.created_at) AS last
RETURN {
  space_key: space_key, memory_type: memory_type, category: category, tier: tier, state: state, visibility: visibility,
  agent_id: agent_id, count: count, importance: importance, confidence: confidence, last: last
} AS alike;

// name: count_days
// How many memories of each type were made on which day since a time, from an index alone, which begins at that time.  Days
// are numbered from 1970 on: making dates of 50,000 times takes half a second.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, state, visible_to, memory_type, created_at)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
  AND memory.memory_type IN $types AND memory.created_at >= $since
WITH memory.memory_type AS memory_type, memory.created_at.epochSeconds / 86400 AS day, count(*) AS count
RETURN {memory_type: memory_type, day: day, count: count} AS alike;

// name: count_accesses
// How often memories were part of an answer; from the index alone.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, state, visible_to, access_count)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
  AND memory.access_count > 0
RETURN sum(memory.access_count) AS accesses;

// name: count_copies
// How many memories of each space are copies of others.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, origin_id)
WHERE memory.space_key IN $space_keys AND memory.origin_id >= ''
  AND memory.state IN $states AND memory.visible_to IN $visible
WITH memory.space_key AS space_key, count(*) AS count
RETURN {space_key: space_key, count: count} AS copies;

// name: count_messages
// How many messages there are; answered from the index alone.
MATCH (message:Episode) USING INDEX message:Episode(space_key, state, visible_to)
WHERE message.space_key IN $space_keys AND message.state IN $states AND message.visible_to IN $visible
RETURN count(*) AS total;

// name: count_tags
// The most frequent tags of memories, how many there are in all, and which are used in more than one space.
MATCH (memory:Memory) USING INDEX memory:Memory(space_key, state, visible_to)
WHERE memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
MATCH (memory)-[:TAGGED]->(tag:Tag)
WITH tag, count(*) AS count
WITH tag.name AS name, sum(count) AS count, count(*) AS spaces
ORDER BY count DESC, name
WITH collect({name: name, count: count, spaces: spaces}) AS rows
WITH rows, [row IN rows WHERE row.count >= $min_count] AS frequent
RETURN {
  tags: [row IN frequent[..$limit] | row {.name, .count}], total_unique_tags: size(frequent),
  total_tag_usages: reduce(total = 0, row IN rows | total + row.count),
  cross_space_tags: [row IN rows WHERE row.spaces > 1 | row.name][..$most]
} AS stats;

// name: list_related_pairs
// The ids of memories that relate to each other, those with the most important ends first.  The index has the memories of a
// category in order of importance, so only as many are read as are asked for, and those before them that have no relation;
// the planner takes that order when the whole of it is asked for.
UNWIND $space_keys AS space_key
UNWIND $visible AS visible_to
UNWIND $states AS state
UNWIND $categories AS category
CALL (space_key, visible_to, state, category) {
  MATCH (memory:Memory {space_key: space_key, visible_to: visible_to, state: state, category: category})
  USING INDEX memory:Memory(space_key, visible_to, state, category, importance, created_at)
  WHERE memory.importance >= $min_importance AND memory.created_at IS NOT NULL AND EXISTS {
    MATCH (memory)-[:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|SHARED_FROM]-(other:Memory)
    WHERE other.importance >= $min_importance
      AND other.space_key IN $space_keys AND other.state IN $states AND other.visible_to IN $visible
  }
  RETURN memory
  ORDER BY memory.space_key DESC, memory.visible_to DESC, memory.state DESC, memory.category DESC, memory.importance DESC,
    memory.created_at DESC
  LIMIT $limit
}
WITH memory ORDER BY memory.importance DESC, memory.id LIMIT $limit
CALL (memory) {
  MATCH (memory)-[:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|SHARED_FROM]-(other:Memory)
  WHERE other.importance >= $min_importance
    AND other.space_key IN $space_keys AND other.state IN $states AND other.visible_to IN $visible
  RETURN DISTINCT other ORDER BY other.importance DESC, other.id LIMIT $limit
}
RETURN [memory.id, other.id] AS pair
ORDER BY memory.importance + other.importance DESC, memory.id, other.id LIMIT $limit;

// name: get_relation_graph
// These memories and every relation between them; a copy is led to from its original.
MATCH (memory:Memory) WHERE memory.id IN $ids
  AND memory.space_key IN $space_keys AND memory.state IN $states AND memory.visible_to IN $visible
WITH memory ORDER BY memory.importance DESC, memory.id
WITH collect(memory) AS nodes
RETURN {
  nodes: [node IN nodes | node {
    .id, .category, .tier, .importance, .access_count, .memory_type, .space_id,
    label: CASE node.l0_abstract WHEN '' THEN node.content ELSE node.l0_abstract END
  }],
  edges: COLLECT {
    UNWIND nodes AS source
    MATCH (source)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|SHARED_FROM]->(target:Memory)
    WHERE target IN nodes
    RETURN CASE type(relation) WHEN 'SHARED_FROM' THEN {
      source: target.id, target: source.id, relation_type: 'shared_from',
      context_label: target.space_id + ' → ' + source.space_id, cross_space: source.space_key <> target.space_key
    } ELSE {
      source: source.id, target: target.id, relation_type: toLower(type(relation)), context_label: relation.label,
      cross_space: source.space_key <> target.space_key
    } END AS edge
    ORDER BY edge.source, edge.target, edge.relation_type
  }
} AS graph;

// name: count_events
// What was shared since a time into the spaces of the caller, and out of them, by whom and on which day.  A space is named
// when the caller is in it or it is the own one of whoever shared.
CALL () {
  MATCH (event:SharingEvent) WHERE event.space_key IN $space_keys AND event.at >= $since RETURN event
  UNION
  MATCH (event:SharingEvent) WHERE event.from_key IN $space_keys AND event.at >= $since RETURN event
}
WITH event.action AS action, event.user_id AS user_id, toString(date(event.at)) AS day, count(*) AS count,
  CASE WHEN event.from_space IN $space_ids + ('personal/' + event.user_id) THEN event.from_space ELSE '' END AS from_space,
  CASE WHEN event.to_space IN $space_ids + ('personal/' + event.user_id) THEN event.to_space ELSE '' END AS to_space
RETURN {action: action, user_id: user_id, day: day, count: count, from_space: from_space, to_space: to_space} AS alike;

// name: list_events
// The last of those events, with the texts that the caller may read.
CALL () {
  MATCH (event:SharingEvent) WHERE event.space_key IN $space_keys AND event.at >= $since
  RETURN event ORDER BY event.at DESC, event.id DESC LIMIT $limit
  UNION
  MATCH (event:SharingEvent) WHERE event.from_key IN $space_keys AND event.at >= $since
  RETURN event ORDER BY event.at DESC, event.id DESC LIMIT $limit
}
WITH event ORDER BY event.at DESC, event.id DESC LIMIT $limit
OPTIONAL MATCH (memory:Memory|Episode {id: event.memory_id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
WITH event, memory ORDER BY event.at DESC, event.id DESC
RETURN event {
  .id, .action, .memory_id, .user_id, .agent_id, .at, content: coalesce(memory.content, ''),
  from_space: CASE WHEN event.from_space IN $space_ids + ('personal/' + event.user_id) THEN event.from_space ELSE '' END,
  to_space: CASE WHEN event.to_space IN $space_ids + ('personal/' + event.user_id) THEN event.to_space ELSE '' END
} AS event;

// name: count_shares_by_agent
// How often each agent shared into the spaces of the caller, or did anything else with copies there.
MATCH (event:SharingEvent) WHERE event.space_key IN $space_keys AND event.at >= $since
WITH event.agent_id AS agent_id, count(*) AS count
RETURN {agent_id: agent_id, count: count} AS shares;
