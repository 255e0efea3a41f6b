// What accounts keep, and what they may.  Each space counts what lies in it, under its lock; an account has what lies in
// the spaces that it owns, so a space that is deleted or handed over takes its counts along.

// name: lock_quota
// Makes those wait who would store for the same account in other spaces.  It is the last lock of a transaction.
MERGE (quota:Quota {tenant_id: $tenant_id})
SET quota.locked = true
RETURN quota.tenant_id AS tenant_id;

// name: get_owner
// Whose quotas a space counts for, and what an operator gave him.
MATCH (space:Space {space_key: $space_key})
OPTIONAL MATCH (quota:Quota {tenant_id: space.owner_id})
RETURN {
  tenant_id: space.owner_id, memories: 0, text_bytes: 0,
  own: {memories: quota.memories, text_bytes: quota.text_bytes, llm_tokens_a_day: quota.llm_tokens_a_day}
} AS owner;

// name: list_owned
// Which of these spaces an account owns.
UNWIND $space_keys AS space_key
MATCH (space:Space {space_key: space_key})
WHERE space.owner_id = $tenant_id
RETURN space.space_key AS space_key;

// name: get_own_quotas
// What an operator gave an account.
MATCH (tenant:Tenant {id: $tenant_id})
OPTIONAL MATCH (quota:Quota {tenant_id: tenant.id})
RETURN {memories: quota.memories, text_bytes: quota.text_bytes, llm_tokens_a_day: quota.llm_tokens_a_day} AS own;

// name: update_own_quotas
// Gives an account quotas of its own; null leaves it at the settings of the service.
MATCH (tenant:Tenant {id: $tenant_id})
MERGE (quota:Quota {tenant_id: tenant.id})
SET quota.memories = $memories, quota.text_bytes = $text_bytes, quota.llm_tokens_a_day = $llm_tokens_a_day
RETURN quota.tenant_id AS tenant_id;

// name: get_use
// What lies in the spaces of an account, with the portions of files that are not stored yet, and its tokens of a day.
MATCH (tenant:Tenant {id: $tenant_id})
CALL (tenant) {
  MATCH (tenant)-[:MEMBER_OF]->(space:Space {owner_id: tenant.id})
  MATCH (state:SpaceState {space_key: space.space_key})
  CALL (space) {
    MATCH (portion:Portion {space_key: space.space_key})
    RETURN sum(coalesce(portion.memories, 0)) AS memories, sum(coalesce(portion.text_bytes, 0)) AS text_bytes
  }
  RETURN sum(coalesce(state.memory_count, 0) + memories) AS memories, sum(coalesce(state.text_bytes, 0) + text_bytes) AS text_bytes
}
OPTIONAL MATCH (counter:TokenUse {space_key: tenant.id, day: $day})
RETURN {memories: memories, text_bytes: text_bytes, llm_tokens: coalesce(counter.tokens, 0)} AS use;
