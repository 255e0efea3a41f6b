// Settings of a space.  They are read with the principal; a space that never had any has the defaults.

// name: update_space_settings
// Changes what is given of the settings of a space that the tenant administers.
MATCH (:Tenant {id: $tenant_id})-[:MEMBER_OF {role: 'admin'}]->(space:Space {space_key: $space_key})
SET space += $change, space.updated_at = $now
RETURN {
  admission: coalesce(space.admission, 'balanced'), secrets: coalesce(space.secrets, 'mark'),
  llm_tokens_a_day: coalesce(space.llm_tokens_a_day, 0)
} AS settings;
