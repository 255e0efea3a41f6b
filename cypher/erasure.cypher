// Erasing spaces and accounts: at once nobody is in a space any more and nothing can be written into it, and then all that
// lies there goes in batches.  Its name for that time is `erased_key`, which no other query knows.

// name: close_space
// Takes a locked space out of use: its members, rules, connections and invitations go, its tasks end, writers do not find it any more.
// Who was in it is kept for the sake of live copies, which were theirs.
MATCH (space:Space {space_key: $space_key})
SET space.former = COLLECT { MATCH (tenant:Tenant)-[:MEMBER_OF]->(space) RETURN tenant.id },
    space.erased_key = space.space_key, space.space_key = null
WITH space
CALL (space) { MATCH (:Tenant)-[member:MEMBER_OF]->(space) DELETE member }
CALL (space) {
  MATCH (rule:AutoShareRule)-[:SHARES_FROM|SHARES_INTO]->(space)
  OPTIONAL MATCH (pending:PendingShare)-[:ASKED_BY]->(rule)
  DETACH DELETE pending, rule
}
CALL () {
  MATCH (connection:Connection) WHERE connection.space_key = $space_key
  OPTIONAL MATCH (delivery:Delivery)
  WHERE delivery.connection_id = connection.id AND delivery.received_at IS NOT NULL
  DETACH DELETE delivery, connection
}
CALL () { MATCH (invitation:Invitation) WHERE invitation.space_key = $space_key AND invitation.user_id IS NOT NULL DELETE invitation }
CALL () {
  MATCH (task:Task) WHERE task.space_key = $space_key AND task.phase IS NOT NULL
  SET task.cancel_asked_at = coalesce(task.cancel_asked_at, $now)
}
CALL () { MATCH (state:SpaceState {space_key: $space_key}) DELETE state }
RETURN space.id AS id;

// name: get_closed_space
// Who was in a space that is being erased; nothing once it is gone.
MATCH (space:Space {erased_key: $space_key})
RETURN space.former AS former;

// name: list_erasable
// The ids of some memories and messages of a space.
CALL () {
  MATCH (node:Memory) WHERE node.space_key = $space_key RETURN node.id AS id LIMIT $limit
  UNION ALL
  MATCH (node:Episode) WHERE node.space_key = $space_key RETURN node.id AS id LIMIT $limit
}
WITH id LIMIT $limit
RETURN id;

// name: list_followers
// The live copies of these memories in other spaces, which go with them: those of people who were in the space that is
// erased or are in that of the origin, and who may write where the copy lies.
UNWIND $ids AS id
MATCH (origin:Memory {id: id})<-[shared:SHARED_FROM {mode: 'live'}]-(copy:Memory)
WHERE copy.space_key <> origin.space_key AND copy.state <> 'deleted'
  AND (
    origin.space_key = $space_key AND shared.by IN $former
    OR EXISTS { (:Tenant {id: shared.by})-[:MEMBER_OF]->(:Space {space_key: origin.space_key}) }
  )
  AND EXISTS {
    MATCH (:Tenant {id: shared.by})-[member:MEMBER_OF]->(:Space {space_key: copy.space_key}) WHERE member.role <> 'reader'
  }
RETURN {id: copy.id, space_key: copy.space_key} AS copy;

// name: delete_followers
// Marks copies as deleted, so that what they spoke for and against is believed without them.
UNWIND $ids AS id
MATCH (copy:Memory {id: id})
WHERE copy.space_key IN $space_keys
SET copy.state = 'deleted', copy.share_key = null, copy.current_key = null
RETURN {
  id: copy.id, space_key: copy.space_key, visible_to: copy.visible_to, text_bytes: coalesce(copy.text_bytes, 0)
} AS touched;

// name: erase_texts
// Erases memories and messages with their earlier texts and pieces.  Copies elsewhere stay; their origin is a trace from
// now on that says no more than where and when.  A trace that no copy leads to goes, too.
UNWIND $ids AS id
MATCH (node:Memory|Episode {id: id})
WHERE node.space_key IN $space_keys
CALL (node) {
  MATCH (copy:Memory)-[shared:SHARED_FROM]->(node)
  WHERE NOT copy.id IN $ids
  MERGE (trace:Origin {id: node.id})
  ON CREATE SET trace.space_id = node.space_id, trace.created_at = node.created_at
  CREATE (copy)-[again:SHARED_FROM]->(trace)
  SET again = properties(shared)
  DELETE shared
}
CALL (node) {
  MATCH (node)-[shared:SHARED_FROM]->(trace:Origin)
  DELETE shared
  WITH trace WHERE NOT EXISTS { (trace)<-[:SHARED_FROM]-() }
  DELETE trace
}
CALL (node) { MATCH (revision:Revision)-[:REVISION_OF]->(node) DETACH DELETE revision }
CALL (node) { MATCH (piece:Chunk)-[:PART_OF]->(node) DETACH DELETE piece }
CALL (node) { MATCH (pending:PendingShare)-[:PROPOSES]->(node) DETACH DELETE pending }
DETACH DELETE node
RETURN count(*) AS erased;

// name: erase_rest
// Erases some of everything else that belongs to a space; how many nodes that were.
CALL () {
  MATCH (node:Chunk) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Decision) WHERE node.space_key = $space_key AND node.created_at IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Entity) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Slot) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Community) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:ExternalObject) WHERE node.space_key = $space_key
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Portion) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Document) WHERE node.space_key = $space_key AND node.hash IS NOT NULL AND node.version IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Import) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Session) WHERE node.space_key = $space_key AND node.id IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Tag) WHERE node.space_key = $space_key AND node.name IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:RecallEvent) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:TokenUse) WHERE node.space_key = $space_key AND node.day IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:NoiseExample)
  WHERE node.space_key = $space_key AND node.visible_to IS NOT NULL AND node.text_hash IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:PendingShare) WHERE node.space_key = $space_key AND node.status IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:SharingEvent) WHERE node.space_key = $space_key AND node.at IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:AuditEvent) WHERE node.space_key = $space_key AND node.at IS NOT NULL
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Event) WHERE node.space_key = $space_key AND node.seq > 0
  WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
  UNION ALL
  MATCH (node:Task) WHERE node.space_key = $space_key WITH node LIMIT $limit DETACH DELETE node RETURN count(*) AS part
}
RETURN sum(part) AS erased;

// name: erase_space
// Removes a space that is empty now.
MATCH (space:Space {erased_key: $space_key})
DETACH DELETE space;

// name: list_owned_spaces
// The spaces that an account owns, with how many others are in each.
MATCH (tenant:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space {owner_id: tenant.id})
RETURN space {.id, .space_key, others: COUNT { (space)<-[:MEMBER_OF]-(:Tenant) } - 1} AS owned
ORDER BY space.space_key;

// name: close_account
// Ends an account at once: its keys are gone, it is in no space any more, its tasks end.  What it shared stays where it is.
// The spaces that tasks of it were to erase are returned, for the one task that is left.
MATCH (tenant:Tenant {id: $tenant_id})
SET tenant.status = 'erased'
WITH tenant, COLLECT {
  MATCH (task:Task)
  WHERE task.tenant_id = $tenant_id AND task.created_at IS NOT NULL AND task.kind = 'erase' AND task.phase IS NOT NULL
  UNWIND task.erased AS erased
  RETURN DISTINCT erased
} AS erased
CALL (tenant) { MATCH (key:ApiKey {tenant_id: tenant.id}) DELETE key }
CALL (tenant) { MATCH (tenant)-[member:MEMBER_OF]->(:Space) DELETE member }
CALL (tenant) {
  MATCH (connection:Connection) WHERE connection.tenant_id = tenant.id AND connection.created_at IS NOT NULL
  OPTIONAL MATCH (delivery:Delivery)
  WHERE delivery.connection_id = connection.id AND delivery.received_at IS NOT NULL
  DETACH DELETE delivery, connection
}
CALL (tenant) {
  MATCH (invitation:Invitation) WHERE invitation.user_id = tenant.id AND invitation.created_at IS NOT NULL DELETE invitation
}
CALL (tenant) {
  MATCH (task:Task) WHERE task.tenant_id = tenant.id AND task.created_at IS NOT NULL AND task.phase IS NOT NULL
  SET task.cancel_asked_at = coalesce(task.cancel_asked_at, $now)
}
RETURN erased;

// name: erase_account
// Removes what is left of an account whose spaces are erased: agents, groups, tasks but this one, and the account itself.
MATCH (tenant:Tenant {id: $tenant_id, status: 'erased'})
CALL (tenant) { MATCH (agent:Agent) WHERE agent.tenant_id = tenant.id AND agent.id IS NOT NULL DETACH DELETE agent }
CALL (tenant) { MATCH (group:AgentGroup) WHERE group.tenant_id = tenant.id AND group.name IS NOT NULL DETACH DELETE group }
CALL (tenant) { MATCH (quota:Quota) WHERE quota.tenant_id = tenant.id DELETE quota }
CALL (tenant) { MATCH (counter:TokenUse) WHERE counter.space_key = tenant.id AND counter.day > '' DELETE counter }
CALL (tenant) {
  MATCH (task:Task) WHERE task.tenant_id = tenant.id AND task.created_at IS NOT NULL AND task.id <> $task_id
  DETACH DELETE task
}
DETACH DELETE tenant;
