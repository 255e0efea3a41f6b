// Keys and agent groups of the caller's tenant.

// name: create_key
// A further key of the tenant.
MATCH (tenant:Tenant {id: $tenant_id})
CREATE (key:ApiKey {
  id: $key_id, tenant_id: tenant.id, hash: $hash, prefix: $prefix, scopes: $scopes, agent_id: $agent_id,
  created_at: $now, expires_at: $expires_at
})
RETURN key {.id, .prefix, .scopes, .agent_id, .created_at, .last_used_at, .expires_at} AS key;

// name: list_keys
// The keys of the tenant that are not revoked, oldest first.
MATCH (key:ApiKey {tenant_id: $tenant_id})
WHERE key.revoked_at IS NULL
RETURN key {.id, .prefix, .scopes, .agent_id, .created_at, .last_used_at, .expires_at} AS key
ORDER BY key.created_at, key.id;

// name: delete_key
// Revokes a key of the tenant; the node stays, so that the hash can never come back to life.
MATCH (key:ApiKey {id: $key_id})
WHERE key.tenant_id = $tenant_id AND key.revoked_at IS NULL
SET key.revoked_at = $now
RETURN key.id AS id;

// name: update_group
// Creates an agent group of the tenant or replaces its agents.
MATCH (tenant:Tenant {id: $tenant_id})
MERGE (group:AgentGroup {tenant_id: tenant.id, name: $name})
SET group.agents = $agents
MERGE (tenant)-[:HAS_GROUP]->(group)
RETURN group {.name, .agents} AS group;
