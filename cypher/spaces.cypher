// Spaces, their members and their owners.  Every query takes the caller's tenant id or a space that the caller was found
// to be a member of.

// name: get_space
// A space the caller belongs to, with its members, the owner first, and its rules.
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space {id: $space_id})
RETURN space {
  .id, .space_key, .kind, .name, .owner_id, .created_at, .updated_at,
  members: COLLECT {
    MATCH (tenant:Tenant)-[member:MEMBER_OF]->(space)
    RETURN {user_id: tenant.id, role: member.role, joined_at: member.joined_at} AS row
    ORDER BY tenant.id <> space.owner_id, row.joined_at, row.user_id
  },
  rules: COLLECT {
    MATCH (rule:AutoShareRule)-[:SHARES_INTO]->(space) WHERE rule.deleted_at IS NULL
    RETURN rule {.*} ORDER BY rule.created_at, rule.id
  }
} AS space;

// name: list_spaces
// All spaces the caller belongs to, oldest first.
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF]->(space:Space)
RETURN space {
  .id, .space_key, .kind, .name, .owner_id, .created_at, .updated_at,
  members: COLLECT {
    MATCH (tenant:Tenant)-[member:MEMBER_OF]->(space)
    RETURN {user_id: tenant.id, role: member.role, joined_at: member.joined_at} AS row
    ORDER BY tenant.id <> space.owner_id, row.joined_at, row.user_id
  },
  rules: COLLECT {
    MATCH (rule:AutoShareRule)-[:SHARES_INTO]->(space) WHERE rule.deleted_at IS NULL
    RETURN rule {.*} ORDER BY rule.created_at, rule.id
  }
} AS space
ORDER BY space.created_at, space.id;

// name: create_space
// A space with its state; the caller owns it and is its first member.
MATCH (owner:Tenant {id: $tenant_id})
CREATE (space:Space {
  id: $space_id, space_key: $space_key, kind: $kind, name: $name, owner_id: owner.id, created_at: $now, updated_at: $now
})
CREATE (:SpaceState {space_key: $space_key, rev: 0})
CREATE (owner)-[:MEMBER_OF {role: 'admin', joined_at: $now}]->(space)
RETURN space.id AS id;

// name: update_space
// Renames a space; without a name only the time of the change moves.
MATCH (space:Space {space_key: $space_key})
SET space.name = coalesce($name, space.name), space.updated_at = $now
RETURN space.id AS id;

// name: count_owned
// How many spaces a member or the caller owns.
MATCH (tenant:Tenant {id: $user_id})-[:MEMBER_OF]->(space:Space {owner_id: tenant.id})
RETURN count(space) AS owned;

// name: count_members
// How many are in a space.
MATCH (:Tenant)-[:MEMBER_OF]->(space:Space {space_key: $space_key})
RETURN count(*) AS members;

// name: get_user
// The handle of somebody who is named by the handle or by a key that works.  It begins with no space, since whoever is to
// be added has none in common with the caller yet; all it says is whether there is such a user.
CALL () {
  MATCH (tenant:Tenant {id: $user_id}) RETURN tenant
  UNION
  MATCH (key:ApiKey {hash: $hash})
  WHERE key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > $now)
  MATCH (tenant:Tenant {id: key.tenant_id}) RETURN tenant
}
WITH tenant WHERE tenant.status = 'active'
RETURN tenant.id AS user_id;

// name: get_personal_key
// The key of the space that was made with a user, for the lock that two who share with each other take.
MATCH (space:Space {id: 'personal/' + $user_id})
RETURN space.space_key AS space_key;

// name: add_members
// Adds members to a space; who is in it stays as he is.
MATCH (space:Space {space_key: $space_key})
SET space.updated_at = $now
WITH space
UNWIND $members AS row
MATCH (tenant:Tenant {id: row.user_id})
MERGE (tenant)-[member:MEMBER_OF]->(space)
ON CREATE SET member.role = row.role, member.joined_at = $now
RETURN count(*) AS added;

// name: update_member
// Changes the role of a member.
MATCH (:Tenant {id: $user_id})-[member:MEMBER_OF]->(space:Space {space_key: $space_key})
SET member.role = $role, space.updated_at = $now
RETURN space.id AS id;

// name: delete_member
// Takes somebody out of a space.
MATCH (:Tenant {id: $user_id})-[member:MEMBER_OF]->(space:Space {space_key: $space_key})
SET space.updated_at = $now
DELETE member
RETURN space.id AS id;

// name: update_owner
// Hands a space over to one of its members, who is an admin from then on.
MATCH (:Tenant {id: $user_id})-[member:MEMBER_OF]->(space:Space {space_key: $space_key})
SET space.owner_id = $user_id, space.updated_at = $now, member.role = 'admin'
RETURN space.id AS id;
