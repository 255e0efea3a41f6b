// name: tenant_graph
// What lies in the personal space of one tenant and how it hangs together; put the tenant's user_id for $tenant_id.
MATCH (space:Space {id: 'personal/' + $tenant_id})<-[:IN_SPACE]-(thing:Memory|Episode)
WITH thing LIMIT 200
OPTIONAL MATCH path = (thing)--(other) WHERE NOT other:Space
RETURN thing, path;

// name: recent_memories
// The latest memories and messages of all tenants with what they hang together with.
MATCH (thing:Memory|Episode)
WITH thing ORDER BY thing.created_at DESC LIMIT 100
OPTIONAL MATCH path = (thing)--(other) WHERE NOT other:Space
RETURN thing, path;
