// Consolidation: groups of memories that one derived memory stands for.  Like communities it works on what everybody in a
// space sees, and on no copies: who takes a share back takes all of it.  A memory bears the hash of the text with which it
// was consolidated last, a derived one the slot or community it was made of.  All queries take the space they work on.

// name: get_position
// The revision of a space, and up to which one its memories are consolidated.
MATCH (state:SpaceState {space_key: $space_key})
RETURN {rev: state.rev, made_at: coalesce(state.consolidated_rev, -1)} AS moved;

// name: mark_position
// Records up to which revision the memories of a space are consolidated; the revision itself stays.
MATCH (state:SpaceState {space_key: $space_key})
SET state.consolidated_rev = $rev;

// name: list_open_slots
// The slots with several values that hold at a time, of which one is new or what was derived from them is outdated.
CALL () {
  MATCH (memory:Memory {space_key: $space_key}) USING INDEX memory:Memory(space_key, created_at)
  WHERE memory.created_at <= $now AND memory.state = 'active' AND memory.visible_to = 'all0' AND memory.derived_key IS NULL
    AND coalesce(memory.consolidated_hash, '') <> memory.text_hash
  MATCH (memory)-[:ABOUT]->(slot:Slot {cardinality: 'many'})
  WHERE COUNT { (slot)<-[:ABOUT]-(:Memory {state: 'active'}) } >= $least
  RETURN slot.id AS key
  UNION
  MATCH (derived:Memory {space_key: $space_key}) USING INDEX derived:Memory(space_key, created_at)
  WHERE derived.created_at <= $now AND derived.state = 'active' AND derived.derived_key >= '' AND derived.outdated
  RETURN derived.derived_key AS key
}
RETURN DISTINCT key ORDER BY key;

// name: list_open_communities
// The communities with a memory that no consolidation has seen, the largest first.
MATCH (community:Community {space_key: $space_key})
CALL (community) {
  MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
  WHERE memory.state = 'active' AND memory.derived_key IS NULL AND coalesce(memory.consolidated_hash, '') <> memory.text_hash
  RETURN memory.id AS fresh LIMIT 1
}
WITH community ORDER BY community.memory_count DESC, community.id LIMIT $limit
RETURN community.id AS key;

// name: list_groups
// Slots and communities with the memories that one derived memory could stand for, the most central first, and what was
// derived from them before.  What belongs to a group already belongs to no other.
UNWIND $keys AS key
OPTIONAL MATCH (place:Slot|Community {id: key}) WHERE place.space_key = $space_key
CALL (key, place) {
  MATCH (place)<-[said:ABOUT|IN_COMMUNITY]-(memory:Memory)
  WHERE memory.space_key = $space_key AND memory.state = 'active' AND memory.visible_to = 'all0' AND memory.derived_key IS NULL
    AND memory.origin_id IS NULL AND memory.valid_to > $now AND coalesce(memory.modality, 'fact') = 'fact'
    AND memory.needs_review IS NULL
    AND NOT EXISTS { MATCH (memory)-[conflict:CONTRADICTS]-(:Memory {state: 'active'}) WHERE conflict.resolved_by IS NULL }
    AND NOT EXISTS {
      MATCH (memory)<-[:DERIVED_FROM]-(derived:Memory) WHERE derived.state = 'active' AND derived.derived_key <> key
    }
  WITH memory, said, coalesce(memory.centrality, 0.0) AS centrality
  ORDER BY centrality DESC, memory.valid_from DESC, memory.id
  WITH collect({
    id: memory.id, text: memory.content, text_hash: memory.text_hash, subject: coalesce(memory.subject, ''),
    value: coalesce(said.value, ''), category: memory.category, importance: memory.importance, tags: memory.tags,
    valid_from: toString(memory.valid_from), centrality: centrality,
    is_fresh: coalesce(memory.consolidated_hash, '') <> memory.text_hash
  }) AS told
  RETURN told[..$most] AS premises, size(told) AS total
}
RETURN {
  key: key, kind: CASE WHEN place:Community THEN 'topic' ELSE 'values' END, attribute: coalesce(place.attribute, ''),
  label: coalesce(place.label, place.subject + ' · ' + place.attribute, ''), premises: premises, total: total,
  former: head(COLLECT {
    MATCH (derived:Memory {derived_key: key})
    WHERE derived.space_key = $space_key AND derived.state = 'active'
    RETURN {id: derived.id, is_outdated: coalesce(derived.outdated, false)} AS former ORDER BY derived.created_at DESC, derived.id
  })
} AS group;

// name: get_derived
// Whether a memory was derived before, even if it was taken back since.
MATCH (memory:Memory {id: $id})
WHERE memory.space_key = $space_key
RETURN memory.id AS id;

// name: create_premises
// What a derived memory follows from, each with the text that it had.
MATCH (derived:Memory {id: $id}) WHERE derived.space_key = $space_key
SET derived.derived_key = $key, derived.compared_hash = derived.text_hash
WITH derived
UNWIND $premise_ids AS premise_id
MATCH (premise:Memory {id: premise_id}) WHERE premise.space_key = $space_key
CREATE (derived)-[:DERIVED_FROM {
  id: $id + ' ' + premise_id, space_key: $space_key, method: $method, weight: 1.0, task: $task_id, decision: $decision_id,
  created_at: $now, text_hash: premise.text_hash
}]->(premise);

// name: mark_group
// Notes that a consolidation has seen the memories of a slot or community as they are now.
MATCH (place:Slot|Community {id: $key})<-[:ABOUT|IN_COMMUNITY]-(memory:Memory)
WHERE place.space_key = $space_key AND memory.state = 'active'
SET memory.consolidated_hash = memory.text_hash;

// name: list_conclusions
// The ids of what consolidation derived from memories.
UNWIND $ids AS id
MATCH (premise:Memory {id: id})<-[:DERIVED_FROM]-(derived:Memory)
WHERE premise.space_key IN $space_keys AND derived.space_key IN $space_keys AND derived.derived_key IS NOT NULL
  AND derived.state <> 'deleted'
RETURN DISTINCT derived.id AS id;
