// Rules that share by themselves, and what waits for somebody's approval.

// name: create_rule
// A rule that shares what is new in one space with another one.
MATCH (source:Space {space_key: $source_key})
MATCH (target:Space {space_key: $space_key})
CREATE (rule:AutoShareRule)
SET rule = $properties, target.updated_at = rule.created_at
CREATE (rule)-[:SHARES_FROM]->(source), (rule)-[:SHARES_INTO]->(target)
RETURN rule.id AS id;

// name: list_matches
// Which rules want which of these memories, oldest rule first.  What is not for everybody in its space, and what is itself
// a copy, is never shared by a rule; nor is anything by the rule of somebody who may no longer read there or write here.
UNWIND $ids AS id
MATCH (memory:Memory {id: id})
WHERE memory.space_key IN $space_keys AND memory.state = 'active' AND memory.visible_to = 'all0'
  AND NOT EXISTS { (memory)-[:SHARED_FROM]->() }
MATCH (source:Space {space_key: memory.space_key})<-[:SHARES_FROM]-(rule:AutoShareRule)-[:SHARES_INTO]->(target:Space)
WHERE rule.deleted_at IS NULL
  AND (rule.categories = [] OR memory.category IN rule.categories)
  AND (rule.tags = [] OR any(tag IN memory.tags WHERE tag IN rule.tags))
  AND memory.importance >= rule.min_importance
  AND EXISTS { (:Tenant {id: rule.created_by})-[:MEMBER_OF {role: 'admin'}]->(source) }
  AND EXISTS {
    MATCH (:Tenant {id: rule.created_by})-[member:MEMBER_OF]->(target) WHERE member.role <> 'reader'
  }
RETURN {
  memory_id: memory.id, text_bytes: coalesce(memory.text_bytes, 0), rule_id: rule.id, created_by: rule.created_by, require_approval: rule.require_approval,
  agent: memory.agent_id, source_space: source.id, target: target {.id, .space_key, .kind, role: 'member', settings: {
    admission: coalesce(target.admission, 'balanced'), secrets: coalesce(target.secrets, 'mark'),
    llm_tokens_a_day: coalesce(target.llm_tokens_a_day, 0)
  }}
} AS found
ORDER BY rule.created_at, rule.id;

// name: end_rule
// Keeps a rule from firing while what it shared is withdrawn, and forgets what waits because of it.
MATCH (rule:AutoShareRule {id: $rule_id})-[:SHARES_INTO]->(target:Space {space_key: $space_key})
SET rule.deleted_at = $now, target.updated_at = $now
WITH rule
CALL (rule) { MATCH (pending:PendingShare)-[:ASKED_BY]->(rule) DETACH DELETE pending }
RETURN rule.id AS id;

// name: withdraw_copies
// Deletes a batch of the copies that a rule made, with their pieces; those of the batch.
MATCH (copy:Memory)-[shared:SHARED_FROM {rule: $rule_id}]->()
WHERE copy.space_key = $space_key AND copy.state <> 'deleted'
WITH copy LIMIT $batch
SET copy.state = 'deleted', copy.share_key = null, copy.current_key = null, copy.embed_task = null,
    copy.version = copy.version + 1, copy.rev = copy.rev + 1, copy.updated_at = $now
WITH copy
CALL (copy) { MATCH (piece:Chunk)-[:PART_OF]->(copy) DETACH DELETE piece }
RETURN {
  id: copy.id, space_key: copy.space_key, visible_to: copy.visible_to, text_bytes: coalesce(copy.text_bytes, 0)
} AS touched;

// name: delete_rule
// Removes a rule.
MATCH (rule:AutoShareRule {id: $rule_id})-[:SHARES_INTO]->(:Space {space_key: $space_key})
DETACH DELETE rule;

// name: create_pending
// Lets a memory wait until somebody says whether a rule may share it; one that was rejected stays so.
MATCH (memory:Memory {id: $memory_id})
MATCH (rule:AutoShareRule {id: $rule_id})
MERGE (pending:PendingShare {id: $id})
ON CREATE SET pending.space_key = $space_key, pending.target_space = $target_space, pending.source_space = $source_space,
  pending.memory_id = $memory_id, pending.rule_id = $rule_id, pending.requested_by_user = $by,
  pending.requested_by_agent = $agent, pending.status = 'pending', pending.created_at = $now
MERGE (pending)-[:PROPOSES]->(memory)
MERGE (pending)-[:ASKED_BY]->(rule)
RETURN pending.id AS id;

// name: list_pending
// What waits to be shared into spaces the caller writes to, oldest first: memories that he may read.
MATCH (pending:PendingShare)
WHERE pending.space_key IN $writable_keys AND pending.status = 'pending' AND ($id = '' OR pending.id = $id)
MATCH (pending)-[:PROPOSES]->(memory:Memory)
WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND memory.state <> 'deleted'
RETURN pending {.*, content: memory.content} AS pending
ORDER BY pending.created_at, pending.id
LIMIT $limit;

// name: answer_pending
// Records what was said about a share that waited.
MATCH (pending:PendingShare {id: $id})
WHERE pending.space_key IN $writable_keys AND pending.status = 'pending'
SET pending.status = $status, pending.answered_by = $tenant_id, pending.answered_at = $now
RETURN pending.id AS id;

// name: list_shareable
// The ids of what a bulk share is about: current memories of a space for everybody in it.  What came out of the target is
// not brought back there.
MATCH (memory:Memory)
WHERE memory.space_key = $space_key AND memory.state = 'active' AND memory.visible_to = 'all0'
  AND ($categories = [] OR memory.category IN $categories)
  AND ($tags = [] OR any(tag IN memory.tags WHERE tag IN $tags))
  AND memory.importance >= $min_importance
  AND NOT EXISTS {
    MATCH (memory)-[:SHARED_FROM]->(origin:Memory|Episode) WHERE origin.space_key = $target_key
  }
RETURN memory.id AS id
ORDER BY memory.created_at, memory.id
LIMIT $limit;

// name: get_bridge
// The team of exactly two people in which the first one may write.
MATCH (mine:Tenant {id: $tenant_id})-[member:MEMBER_OF]->(space:Space {kind: 'team'})
WHERE member.role <> 'reader' AND COUNT { (space)<-[:MEMBER_OF]-(:Tenant) } = 2
  AND EXISTS { (space)<-[:MEMBER_OF]-(:Tenant {id: $user_id}) }
RETURN space {.id, .space_key, .kind, role: member.role, settings: {
    admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
    llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
  }} AS bridge
ORDER BY space.created_at, space.id
LIMIT 1;
