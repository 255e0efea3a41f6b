// Everything that a tenant takes away: what lies in the principal's personal space, of all its agents.

// name: list_exported_messages
// A page of the messages, session by session in their order, from a (session, position) on.
MATCH (episode:Episode)
WHERE episode.space_key = $space_key AND episode.session_id >= $session_id
  AND NOT (episode.session_id = $session_id AND episode.position <= $position) AND episode.state <> 'deleted'
RETURN episode {
  .role, .content, .session_id, .agent_id, .source, .tags, .visibility, .position,
  speaker: coalesce(episode.speaker, ''), said_at: episode.valid_from
} AS message
ORDER BY episode.session_id, episode.position
LIMIT $limit;

// name: list_exported_memories
// A page of the memories, oldest first, from a (time, id) on, each with the relations that begin at it.
MATCH (memory:Memory)
WHERE memory.space_key = $space_key AND memory.created_at >= $after
  AND NOT (memory.created_at = $after AND memory.id <= $after_id) AND memory.state <> 'deleted'
RETURN memory {
  .id, .content, .category, .memory_type, .importance, .tags, .source, .agent_id, .visibility, .state, .valid_from,
  .valid_to, .created_at,
  relations: COLLECT {
    MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|SIMILAR_TO]->(other:Memory)
    WHERE other.space_key = $space_key AND other.state <> 'deleted'
    RETURN {
      type: toLower(type(relation)), source_id: memory.id, target_id: other.id, label: relation.label,
      weight: relation.weight, method: coalesce(relation.method, '')
    } AS found
    ORDER BY found.type, found.target_id
  }
} AS memory
ORDER BY memory.created_at, memory.id
LIMIT $limit;
