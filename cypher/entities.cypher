// Entities of a space: what memories are about, and the slots that they fill.  An entity exists for who may see a memory that
// names it; what was merged keeps its nodes, names and memories and is read as one.

// name: list_named
// The entities of a space that have one of these normalised names; merged ones too, since what names them stays theirs.
UNWIND $names AS name
MATCH (entity:Entity {space_key: $space_key, norm_name: name})
RETURN entity {.id, .name, .norm_name, .type} AS entity
ORDER BY entity.id;

// name: list_of_session
// The names that the latest facts of a session mention, latest first.
MATCH (memory:Memory {space_key: $space_key, session_id: $session_id})
WHERE memory.visible_to IN $visible AND memory.state = 'active'
WITH memory ORDER BY memory.valid_from DESC LIMIT 30
MATCH (memory)-[:MENTIONS]->(entity:Entity)
WITH entity, max(memory.valid_from) AS latest
RETURN entity.name AS name
ORDER BY latest DESC, name LIMIT 20;

// name: list_same_names
// For each of these names all names of what it stands for, as far as it was merged with something.
UNWIND $names AS name
MATCH (named:Entity {space_key: $space_key, norm_name: name})-[:SAME_AS*0..]->(root:Entity)
WHERE NOT EXISTS { (root)-[:SAME_AS]->() } AND EXISTS { (root)<-[:SAME_AS]-() }
MATCH (other:Entity)-[:SAME_AS*0..]->(root)
WHERE other.space_key = $space_key
WITH name, collect(DISTINCT other.norm_name) AS names
RETURN {name: name, names: names} AS same
ORDER BY name;

// name: update_entity_types
// What entities are, once it is said; no other one has the name and the type.
UNWIND $rows AS row
MATCH (entity:Entity {id: row.id}) WHERE entity.space_key = $space_key
SET entity.type = row.type;

// name: create_entities
// Entities that nothing has the name of yet.
UNWIND $rows AS row
MERGE (entity:Entity {space_key: $space_key, norm_name: row.norm_name, type: row.type})
ON CREATE SET entity.id = row.id, entity.name = row.name, entity.aliases = [], entity.created_at = $now, entity.task = $task_id;

// name: create_mentions
// What memories name.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
UNWIND row.entity_ids AS entity_id
MATCH (entity:Entity {id: entity_id}) WHERE entity.space_key = $space_key
MERGE (memory)-[mention:MENTIONS]->(entity)
ON CREATE SET mention.task = $task_id, mention.created_at = $now;

// name: create_slots
// What memories give a value for; a slot keeps how many values it may have at a time.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MERGE (slot:Slot {space_key: $space_key, subject: row.subject, attribute: row.attribute, context: row.context})
ON CREATE SET slot.id = row.slot_id, slot.cardinality = row.cardinality, slot.created_at = $now, slot.task = $task_id
MERGE (memory)-[about:ABOUT]->(slot)
ON CREATE SET about.value = row.value, about.task = $task_id, about.created_at = $now;

// name: list_entities_of_task
// The entities that a task made.
MATCH (entity:Entity {task: $task_id})
WHERE entity.space_key = $space_key
RETURN entity {.id, .name, .norm_name, .type} AS entity
ORDER BY entity.id;

// name: list_alike
// For each entity those of the space that are spelled like it.
UNWIND $rows AS row
CALL (row) {
  CALL db.index.fulltext.queryNodes('entity_text', row.query, {limit: $limit}) YIELD node AS other
  WITH other WHERE other:Entity AND other.space_key = $space_key AND other.id <> row.id
  RETURN other
}
RETURN {of: row.id, entity: other {.id, .name, .norm_name, .type}} AS alike
ORDER BY alike.of, alike.entity.id;

// name: create_possibly_same
// Pairs that may be one thing, for somebody to decide; stored once, from the lower id.
UNWIND $rows AS row
MATCH (low:Entity {id: row.low_id}) WHERE low.space_key = $space_key
MATCH (high:Entity {id: row.high_id}) WHERE high.space_key = $space_key
MERGE (low)-[possible:POSSIBLY_SAME]->(high)
ON CREATE SET possible.task = $task_id, possible.created_at = $now
SET possible.score = row.score;

// name: list_entities
// A page of what the caller's memories name, each thing once: its node nearest to what the others were merged into, of
// those that he may see.  Most memories first, or by name.
MATCH (member:Entity) USING INDEX SEEK member:Entity(space_key)
WHERE member.space_key IN $space_keys AND EXISTS {
  (member)<-[:MENTIONS]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
}
MATCH path = (member)-[:SAME_AS*0..]->(root:Entity)
WHERE NOT EXISTS { (root)-[:SAME_AS]->() }
WITH root, member ORDER BY length(path), member.id
WITH root, collect(member) AS members
WITH root, members, members[0] AS head
WHERE ($type = '' OR head.type = $type)
  AND ($q = '' OR any(member IN members WHERE member.norm_name CONTAINS $q) OR EXISTS {
    (alias:Entity)-[same:SAME_AS]->(:Entity)-[:SAME_AS*0..]->(root)
    WHERE same.visible_to IN $visible AND alias.norm_name CONTAINS $q
  })
CALL (members) {
  UNWIND members AS member
  MATCH (member)<-[:MENTIONS]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $current
  RETURN count(DISTINCT memory) AS memory_count
}
WITH head, memory_count
WHERE $after_id = '' OR CASE WHEN $by_name
  THEN head.norm_name > $after_name OR (head.norm_name = $after_name AND head.id > $after_id)
  ELSE memory_count < $after_count OR (memory_count = $after_count AND head.id > $after_id) END
RETURN head.id AS id
ORDER BY CASE WHEN $by_name THEN head.norm_name END, CASE WHEN NOT $by_name THEN memory_count END DESC, id
LIMIT $limit;

// name: get_entities
// What the caller sees of things, by the id of any node of each, in the order of the ids.  A node is seen when one of his
// memories names it, a name that somebody gave when he may see it; the first node that is named stands for all.
UNWIND range(0, size($ids) - 1) AS rank
MATCH (asked:Entity {id: $ids[rank]})-[:SAME_AS*0..]->(root:Entity)
WHERE asked.space_key IN $space_keys AND NOT EXISTS { (root)-[:SAME_AS]->() }
CALL (root) {
  MATCH path = (member:Entity)-[:SAME_AS*0..]->(root)
  WITH member, length(path) AS depth, EXISTS {
    (member)<-[:MENTIONS]-(memory:Memory)
    WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  } AS is_mentioned
  WHERE is_mentioned OR EXISTS { (member)-[same:SAME_AS]->(:Entity) WHERE same.visible_to IN $visible }
  WITH member, is_mentioned ORDER BY is_mentioned DESC, depth, member.id
  RETURN collect(member) AS nodes, collect(member {.id, .name, .norm_name, .type, is_mentioned: is_mentioned}) AS members
}
WITH rank, asked, nodes, members
WHERE members[0].is_mentioned AND asked IN nodes
CALL (nodes) {
  UNWIND nodes AS member
  MATCH (member)<-[:MENTIONS]-(memory:Memory)
  WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $current
  RETURN count(DISTINCT memory) AS memory_count
}
CALL (nodes) {
  UNWIND nodes AS member
  MATCH (member)-[possible:POSSIBLY_SAME]-(other:Entity)
  WHERE NOT other IN nodes AND EXISTS {
    (other)<-[:MENTIONS]-(memory:Memory)
    WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  }
  WITH other, max(possible.score) AS score ORDER BY score DESC, other.id LIMIT $most_possible
  RETURN collect(other {.id, .name, .type, score: score}) AS possibly_same
}
RETURN {
  space_key: asked.space_key, members: members, memory_count: memory_count, possibly_same: possibly_same
} AS entity
ORDER BY rank;

// name: list_entity_memories
// The ids of a page of the memories that name one of these nodes, newest first.
UNWIND $member_ids AS member_id
MATCH (member:Entity {id: member_id})<-[:MENTIONS]-(memory:Memory)
WHERE member.space_key IN $space_keys
  AND memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  AND memory.created_at <= $before AND NOT (memory.created_at = $before AND memory.id >= $before_id)
WITH DISTINCT memory
RETURN memory.id AS id
ORDER BY memory.created_at DESC, id DESC LIMIT $limit;

// name: list_entity_moments
// A page of what was true when of one of these nodes, oldest first, with the slot of one of these subjects that it fills.
UNWIND $member_ids AS member_id
MATCH (member:Entity {id: member_id})<-[:MENTIONS]-(memory:Memory)
WHERE member.space_key IN $space_keys
  AND memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state IN $states
  AND memory.valid_from >= $after AND NOT (memory.valid_from = $after AND memory.id <= $after_id)
WITH DISTINCT memory ORDER BY memory.valid_from, memory.id LIMIT $limit
WITH memory, head([(memory)-[about:ABOUT]->(slot:Slot) WHERE slot.subject IN $names | {slot: slot, value: about.value}]) AS filled
RETURN memory {
  .id, .content, .category, .state, .valid_from, .valid_to, modality: coalesce(memory.modality, 'fact'),
  slot_id: coalesce(filled.slot.id, ''), subject: coalesce(filled.slot.subject, ''),
  attribute: coalesce(filled.slot.attribute, ''), context: coalesce(filled.slot.context, ''),
  value: coalesce(filled.value, '')
} AS moment
ORDER BY memory.valid_from, memory.id;

// name: get_same
// What an entity was merged into, if it was.
MATCH (entity:Entity {id: $id})-[:SAME_AS]->(into:Entity)
WHERE entity.space_key = $space_key
RETURN into.id AS id;

// name: is_below
// Whether an entity was merged into another one already, directly or through others.
MATCH (entity:Entity {id: $id}) WHERE entity.space_key = $space_key
MATCH (other:Entity {id: $other_id}) WHERE other.space_key = $space_key
RETURN EXISTS { (entity)-[:SAME_AS*1..]->(other) } AS is_below;

// name: is_for_all
// Whether each of these entities is named by a memory that all agents see.
UNWIND $ids AS id
MATCH (entity:Entity {id: id}) WHERE entity.space_key = $space_key
RETURN all(seen IN collect(EXISTS {
  (entity)<-[:MENTIONS]-(memory:Memory)
  WHERE memory.space_key = $space_key AND memory.visible_to = $everybody AND memory.state IN $states
}) WHERE seen) AS is_for_all;

// name: create_same
// Says that an entity is the same as another one, by a decision.  `visible_to` is set when the first one is but a name.
MATCH (entity:Entity {id: $id}) WHERE entity.space_key = $space_key
MATCH (into:Entity {id: $into_id}) WHERE into.space_key = $space_key
MATCH (decision:Decision {id: $decision_id}) WHERE decision.space_key = $space_key
CREATE (entity)-[:SAME_AS {decision: $decision_id, visible_to: $visible_to, created_at: $now}]->(into)
CREATE (decision)-[:DECIDED {op: 'merged'}]->(entity);

// name: delete_same
// Takes back that an entity is the same as another one, and marks the decision as undone.
MATCH (entity:Entity {id: $id})-[same:SAME_AS]->(:Entity)
WHERE entity.space_key = $space_key
WITH entity, same, same.decision AS decision_id
DELETE same
WITH decision_id
MATCH (decision:Decision {id: decision_id})
WHERE decision.space_key = $space_key
SET decision.undone_at = $now;

// name: delete_unnamed
// Deletes an entity that no memory names and nothing was merged into: a name that somebody gave and took back.
MATCH (entity:Entity {id: $id})
WHERE entity.space_key = $space_key AND NOT EXISTS { (entity)<-[:MENTIONS|SAME_AS]-() } AND NOT EXISTS { (entity)-[:SAME_AS]->() }
DETACH DELETE entity;
