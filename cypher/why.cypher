// Why a memory is there.  What the caller may not see ends the way back.

// name: list_origins
// What some memories were made of, what they replaced, and what supports them.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible
MATCH (memory)-[relation:MERGED_FROM|DERIVED_FROM|SUPERSEDES|SUPPORTS]-(origin:Memory)
WHERE origin.space_key IN $space_keys AND origin.visible_to IN $visible AND origin.state <> 'deleted'
  AND CASE type(relation) WHEN 'SUPPORTS' THEN endNode(relation) = memory ELSE startNode(relation) = memory END
RETURN {
  of: id, via: type(relation), weight: coalesce(relation.weight, 1.0), memory: origin {.*, embedding: null}
} AS origin
ORDER BY id, relation.created_at, origin.id
LIMIT $limit;

// name: list_quotes
// The messages that state some memories, with the characters that do; a message stands for itself.
UNWIND $ids AS id
CALL (id) {
  MATCH (message:Episode {id: id})
  RETURN message, null AS start, null AS end, 'first' AS kind
  UNION
  MATCH (:Memory {id: id})-[evidence:EXTRACTED_FROM]->(message:Episode)
  RETURN message, evidence.start AS start, evidence.end AS end, evidence.kind AS kind
}
WITH id, message, start, end, kind
WHERE message.space_key IN $space_keys AND message.visible_to IN $visible AND message.state <> 'deleted'
RETURN message {
  of: id, message_id: message.id, .content, start: start, end: end, kind: coalesce(kind, 'first'), .role,
  speaker: coalesce(message.speaker, ''), .session_id, .agent_id, .tenant_id, said_at: message.valid_from
} AS quoted
ORDER BY id, quoted.said_at, quoted.message_id, start
LIMIT $limit;

// name: list_decisions_about
// The decisions that touched a memory, oldest first.  What a deleted memory said is not shown.
MATCH (memory:Memory {id: $id})<-[:DECIDED]-(decision:Decision)
WHERE decision.space_key IN $space_keys AND decision.visible_to IN $visible
RETURN decision {
  .*, text: CASE WHEN EXISTS { (decision)-[:DECIDED {op: 'created'}]->(:Memory {state: 'deleted'}) } THEN '' ELSE decision.text END
} AS decision
ORDER BY decision.created_at, decision.id
LIMIT $limit;
