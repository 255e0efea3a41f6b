// Entities and slots of a space: what memories are about.

// name: list_named
// The entities of a space that have one of these normalised names; what is the same as another is answered as that.
UNWIND $names AS name
MATCH (named:Entity {space_key: $space_key, norm_name: name})
OPTIONAL MATCH (named)-[:SAME_AS]->(canonical:Entity)
WITH coalesce(canonical, named) AS entity, collect(DISTINCT named.norm_name) AS names
RETURN entity {.id, .name, .norm_name, .type, aliases: names} AS entity
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
