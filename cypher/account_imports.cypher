// What an export holds, stored again in the spaces of whoever imports it.  Every query takes the key of a space that the
// caller owns and has locked, or the caller's own keys; what is there already stays as it is.

// name: create_file_space
// A space of a file, owned by the caller, with those of its members who are here.
MATCH (owner:Tenant {id: $tenant_id})
CREATE (space:Space)
SET space = $properties, space.owner_id = owner.id
CREATE (:SpaceState {space_key: space.space_key, rev: 0})
CREATE (owner)-[:MEMBER_OF {role: 'admin', joined_at: $joined_at}]->(space)
WITH space
UNWIND $members AS row
MATCH (tenant:Tenant {id: row.user_id, status: 'active'}) WHERE tenant.id <> $tenant_id
CREATE (tenant)-[:MEMBER_OF {role: row.role, joined_at: row.joined_at}]->(space)
RETURN tenant.id AS user_id;

// name: update_file_settings
// Gives an own space the settings of a file where it has none.
MATCH (space:Space {space_key: $space_key, owner_id: $tenant_id})
SET space.admission = coalesce(space.admission, $admission), space.secrets = coalesce(space.secrets, $secrets),
    space.llm_tokens_a_day = coalesce(space.llm_tokens_a_day, $llm_tokens_a_day);

// name: get_owned_key
// The key of a space that the caller owns.
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space {id: $space_id, owner_id: $tenant_id})
RETURN space.space_key AS space_key;

// name: update_file_rev
// Lets the revision of a space be at least what decisions of a file say, so that later ones come after them.
MATCH (state:SpaceState {space_key: $space_key})
SET state.rev = CASE WHEN state.rev < $rev THEN $rev ELSE state.rev END
RETURN state.rev AS rev;

// name: list_known_of_file
// What of a file is in its space already: under its own id, under the one it was given before, or as a current memory with
// the same text.
UNWIND $rows AS row
CALL (row) {
  UNWIND [row.file_id, row.id] AS id
  MATCH (node:Memory|Episode|Decision|Import|AutoShareRule {id: id})
  WHERE node.space_key = $space_key
  RETURN node.id AS id
  UNION ALL
  MATCH (node:Memory {current_key: row.current_key})
  WHERE node.space_key = $space_key
  RETURN node.id AS id
}
WITH row, collect(id) AS ids
RETURN {file_id: row.file_id, id: ids[0]} AS known;

// name: create_file_sessions
// Conversations without messages; one that is there stays as it is.
UNWIND $rows AS row
MERGE (session:Session {space_key: $space_key, id: row.id})
ON CREATE SET session += row.properties, session.tenant_id = $tenant_id, session.next_position = 0
MERGE (agent:Agent {tenant_id: $tenant_id, id: session.agent_id})
MERGE (session)-[:HELD_BY]->(agent)
RETURN count(*) AS stored;

// name: create_file_imports
// Imports with the documents that they brought and the conversations that those went on with.
MATCH (space:Space {space_key: $space_key})
UNWIND $rows AS row
CREATE (import:Import)
SET import = row.properties
WITH space, row, import WHERE import.rolled_back_at IS NULL
MERGE (document:Document {space_key: $space_key, hash: import.hash, version: import.version})
ON CREATE SET document.filename = import.filename, document.format = import.format, document.created_at = import.created_at
MERGE (document)-[:IN_SPACE]->(space)
CREATE (import)-[:BROUGHT]->(document)
WITH row, document
UNWIND row.continues AS part
MATCH (session:Session {space_key: $space_key, id: part.session_id})
MERGE (document)-[continues:CONTINUES]->(session)
ON CREATE SET continues.next_position = part.next_position, continues.last_seq = part.last_seq,
  continues.updated_at = part.updated_at
RETURN count(*) AS stored;

// name: list_file_places
// How far the conversations are that messages of a file belong to.
UNWIND $ids AS id
MATCH (session:Session {space_key: $space_key, id: id})
RETURN {id: session.id, position: session.next_position} AS place;

// name: create_file_messages
// Messages at their places in conversations, after the ones before them and as parts of their files.
MATCH (space:Space {space_key: $space_key})
UNWIND $rows AS row
MATCH (session:Session {space_key: $space_key, id: row.properties.session_id})
CREATE (message:Episode)-[:IN_SPACE]->(space)
SET message = row.properties
CREATE (message)-[:PART_OF]->(session)
SET session.next_position = CASE
  WHEN session.next_position > message.position THEN session.next_position ELSE message.position + 1
END
FOREACH (name IN row.properties.tags | MERGE (tag:Tag {space_key: $space_key, name: name}) MERGE (message)-[:TAGGED]->(tag))
WITH row, message
CALL (message) {
  MATCH (before:Episode {space_key: $space_key, session_id: message.session_id, position: message.position - 1})
  MERGE (before)-[:NEXT]->(message)
}
CALL (row, message) {
  MATCH (document:Document {space_key: $space_key, hash: row.hash, version: row.version})
  CREATE (message)-[:PART_OF]->(document)
}
WITH message.session_id AS id, message.visible_to AS visible_to, count(*) AS stored
RETURN {id: id, space_key: $space_key, visible_to: visible_to, detail: toString(stored)} AS touched;

// name: create_file_entities
// Entities; one of the same name and type is the same.
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { MATCH (:Entity {id: row.properties.id}) }
MERGE (entity:Entity {space_key: $space_key, norm_name: row.norm_name, type: row.type})
ON CREATE SET entity += row.properties;

// name: create_file_same
// Which entities are the same, or may be: never in a circle, and one way out of each at most.
UNWIND $rows AS row
MATCH (entity:Entity {space_key: $space_key, norm_name: row.entity[0], type: row.entity[1]})
MATCH (other:Entity {space_key: $space_key, norm_name: row.other[0], type: row.other[1]})
CALL (row, entity, other) {
  WITH row, entity, other WHERE row.is_same
    AND NOT EXISTS { (entity)-[:SAME_AS]->() } AND NOT EXISTS { (other)-[:SAME_AS*0..]->(entity) }
  CREATE (entity)-[same:SAME_AS]->(other)
  SET same = row.properties
}
CALL (row, entity, other) {
  WITH row, CASE WHEN entity.id < other.id THEN entity ELSE other END AS low,
    CASE WHEN entity.id < other.id THEN other ELSE entity END AS high
  WHERE NOT row.is_same
  MERGE (low)-[possible:POSSIBLY_SAME]->(high)
  ON CREATE SET possible = row.properties
};

// name: create_file_slots
// Slots; one for the same is the same.
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { MATCH (:Slot {id: row.properties.id}) }
MERGE (slot:Slot {space_key: $space_key, subject: row.subject, attribute: row.attribute, context: row.context})
ON CREATE SET slot += row.properties;

// name: create_file_mentions
// What memories name.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MATCH (entity:Entity {space_key: $space_key, norm_name: row.norm_name, type: row.type})
MERGE (memory)-[mention:MENTIONS]->(entity)
ON CREATE SET mention = row.properties;

// name: create_file_about
// What memories give values for.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MATCH (slot:Slot {space_key: $space_key, subject: row.subject, attribute: row.attribute, context: row.context})
MERGE (memory)-[about:ABOUT]->(slot)
ON CREATE SET about = row.properties;

// name: create_file_evidence
// Which messages state memories.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MATCH (message:Episode {id: row.message_id}) WHERE message.space_key = $space_key
CREATE (memory)-[said:EXTRACTED_FROM]->(message)
SET said = row.properties;

// name: create_file_ratings
// What the agents of the caller said of memories and messages.
UNWIND $rows AS row
MATCH (node:Memory|Episode {id: row.id}) WHERE node.space_key = $space_key
MERGE (agent:Agent {tenant_id: $tenant_id, id: row.agent_id})
MERGE (agent)-[rated:RATED]->(node)
ON CREATE SET rated = row.properties;

// name: create_file_revisions
// What memories said before.
UNWIND $rows AS row
MATCH (memory:Memory {id: row.memory_id}) WHERE memory.space_key = $space_key
MERGE (revision:Revision {memory_id: row.memory_id, version: row.version})
ON CREATE SET revision += row.properties, revision.space_key = $space_key
MERGE (revision)-[:REVISION_OF]->(memory);

// name: create_file_merges
// Which entities decisions gave other names.
UNWIND $rows AS row
MATCH (decision:Decision {id: row.id}) WHERE decision.space_key = $space_key
MATCH (entity:Entity {space_key: $space_key, norm_name: row.norm_name, type: row.type})
MERGE (decision)-[:DECIDED {op: 'merged'}]->(entity);

// name: create_file_relations
// Relations between memories in the caller's spaces; one of the same type is the same.
UNWIND $rows AS row
MATCH (source:Memory {id: row.source}) WHERE source.space_key IN $space_keys
MATCH (target:Memory {id: row.target}) WHERE target.space_key IN $space_keys
WITH row, source, target WHERE NOT EXISTS { (source)-[there]->(target) WHERE type(there) = row.type }
MERGE (source)-[relation:$(row.type)]->(target)
ON CREATE SET relation = row.properties
WITH source, target, row WHERE NOT row.type IN ['SIMILAR_TO', 'JUDGED'] AND source.space_key = target.space_key
RETURN {
  id: source.id, space_key: source.space_key, detail: toLower(row.type),
  visible_to: CASE source.visible_to WHEN 'all0' THEN target.visible_to ELSE source.visible_to END
} AS touched;

// name: create_file_shares
// Where copies come from: a memory of the file, or a trace that says no more than where and when.
UNWIND $rows AS row
MATCH (copy:Memory {id: row.copy}) WHERE copy.space_key = $space_key AND NOT EXISTS { (copy)-[:SHARED_FROM]->() }
SET copy.origin_id = row.root,
    copy.share_key = CASE WHEN NOT EXISTS { MATCH (:Memory {share_key: row.share_key}) } THEN row.share_key END
WITH row, copy
CALL (row, copy) {
  MATCH (origin:Memory|Episode {id: row.origin}) WHERE origin.space_key IN $space_keys
  CREATE (copy)-[shared:SHARED_FROM]->(origin)
  SET shared = row.properties
  RETURN count(*) AS found
}
CALL (row, copy, found) {
  WITH row, copy, found WHERE found = 0
  MERGE (trace:Origin {id: row.origin})
  ON CREATE SET trace.space_id = row.origin_space, trace.created_at = row.origin_created_at
  CREATE (copy)-[shared:SHARED_FROM]->(trace)
  SET shared = row.properties
};
