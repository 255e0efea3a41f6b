// Everything that a tenant takes away: what lies in the spaces that it owns, for whichever of its agents.  `$tokens` are the
// tokens of visibility of all of them; what is private to an agent of another member of a space is not the owner's.
// Each list is read page by page from an index, from the last one of the page before on.

// name: list_exported_agents
// The agents of a tenant: those that held a conversation or rated, and those to whom memories of its spaces are private.
CALL () {
  MATCH (agent:Agent) WHERE agent.tenant_id = $tenant_id AND agent.id IS NOT NULL RETURN agent.id AS id
  UNION
  MATCH (memory:Memory) USING INDEX memory:Memory(
    space_key, state, visible_to, memory_type, category, tier, visibility, owner_agent_id, importance, confidence, created_at
  )
  WHERE memory.space_key IN $space_keys AND memory.state IS NOT NULL AND memory.visible_to IS NOT NULL
    AND memory.memory_type IS NOT NULL AND memory.category IS NOT NULL AND memory.tier IS NOT NULL
    AND memory.visibility IS NOT NULL AND memory.owner_agent_id IS NOT NULL AND memory.importance IS NOT NULL
    AND memory.confidence IS NOT NULL AND memory.created_at IS NOT NULL
  RETURN DISTINCT memory.owner_agent_id AS id
}
RETURN id ORDER BY id;

// name: list_exported_settings
// What was set in a space; what never was is absent.
MATCH (space:Space {space_key: $space_key})
RETURN space {.admission, .secrets, .llm_tokens_a_day} AS settings;

// name: list_exported_sessions
// A page of the conversations.
MATCH (session:Session)
WHERE session.space_key = $space_key AND session.id > $after_id AND session.visible_to IN $tokens
WITH session ORDER BY session.space_key, session.id LIMIT $limit
RETURN session {.id, .agent_id, .source, .last_seq, .created_at, .updated_at, .visible_to} AS line
ORDER BY session.id;

// name: list_exported_imports
// A page of the imports, oldest first.
MATCH (import:Import)
WHERE import.space_key = $space_key AND import.tenant_id = $tenant_id AND import.created_at >= $after
  AND NOT (import.created_at = $after AND import.id <= $after_id)
WITH import ORDER BY import.created_at, import.id LIMIT $limit
RETURN import {
  .id, .task_ids, .agent_id, .session_id, .filename, .file_type, .strategy, .post_process, .format, .hash, .version,
  .storage_total, .storage_stored, .storage_skipped, .errors, .created_at, .rolled_back_at,
  continues: COLLECT {
    MATCH (import)-[:BROUGHT]->(:Document)-[continues:CONTINUES]->(session:Session)
    RETURN continues {session_id: session.id, .next_position, .last_seq, .updated_at} AS row ORDER BY session.id
  }
} AS line
ORDER BY import.created_at, import.id;

// name: list_exported_messages
// A page of the messages, session by session in their order.
MATCH (message:Episode)
WHERE message.space_key = $space_key AND message.session_id >= $after AND message.visible_to IN $tokens
  AND NOT (message.session_id = $after AND message.position <= $after_position)
WITH message ORDER BY message.space_key, message.session_id, message.position LIMIT $limit
RETURN message {
  .id, .content, .l0_abstract, .l1_overview, .category, .memory_type, .state, .state_before, .tier, .importance, .confidence,
  .base_confidence, .access_count, .uses, .repeat_count, .tags, .scope, .agent_id, .session_id, .source, .visibility,
  .owner_agent_id, .version, .rev, .valid_from, .valid_to, .recorded_at, .retired_at, .created_at, .updated_at,
  .last_accessed_at, .last_confirmed_at, .role, .speaker, .subject, .attribute, .value, .context, .modality, .evidence_ids,
  .outdated, .position, .seq, .heading_path, .line_start, .line_end, .page, .symbol, .as_fact,
  author_id: CASE WHEN coalesce(message.author_id, message.tenant_id) <> $tenant_id
    THEN coalesce(message.author_id, message.tenant_id) END,
  is_unread: message.ingest_task IS NOT NULL,
  document: head([(message)-[:PART_OF]->(document:Document) | document.hash + '/' + toString(document.version)]),
  ratings: COLLECT {
    MATCH (agent:Agent {tenant_id: $tenant_id})-[rated:RATED]->(message)
    RETURN rated {agent_id: agent.id, .verdict, .has_raised, .created_at, .updated_at} AS row ORDER BY agent.id
  }
} AS line
ORDER BY message.session_id, message.position;

// name: list_exported_entities
// A page of the entities that these agents may know of, by name.
MATCH (entity:Entity)
WHERE entity.space_key = $space_key AND entity.norm_name >= $after AND entity.type >= ''
  AND NOT (entity.norm_name = $after AND entity.type <= $after_id)
  AND (
    EXISTS { MATCH (entity)<-[:MENTIONS]-(memory:Memory) WHERE memory.visible_to IN $tokens }
    OR EXISTS { MATCH (entity)-[same:SAME_AS]-(:Entity) WHERE same.visible_to IN $tokens }
  )
WITH entity ORDER BY entity.space_key, entity.norm_name, entity.type LIMIT $limit
RETURN entity {.id, .name, .norm_name, .type, .aliases, .centrality, .task, .created_at} AS line
ORDER BY entity.norm_name, entity.type;

// name: list_exported_same
// Of these entities what they are other names of, and what they may be.
UNWIND $ids AS id
MATCH (entity:Entity {id: id}) WHERE entity.space_key = $space_key
MATCH (entity)-[same:SAME_AS|POSSIBLY_SAME]->(other:Entity)
WHERE coalesce(same.visible_to, 'all0') IN $tokens
RETURN same {
  entity: entity.id, other: other.id, .score, .decision, .task, .created_at, .visible_to, is_named: same.visible_to IS NOT NULL
} AS line
ORDER BY line.entity, line.other;

// name: list_exported_slots
// A page of the slots that memories these agents see give values for.
MATCH (slot:Slot) USING INDEX SEEK slot:Slot(space_key, subject, attribute, context)
WHERE slot.space_key = $space_key AND slot.subject >= $after AND slot.attribute >= '' AND slot.context >= ''
  AND NOT (
    slot.subject = $after
    AND (slot.attribute < $after_attribute OR (slot.attribute = $after_attribute AND slot.context <= $after_context))
  )
  AND EXISTS { MATCH (slot)<-[:ABOUT]-(memory:Memory) WHERE memory.visible_to IN $tokens }
WITH slot ORDER BY slot.space_key, slot.subject, slot.attribute, slot.context LIMIT $limit
RETURN slot {.id, .subject, .attribute, .context, .cardinality, .task, .created_at} AS line
ORDER BY slot.subject, slot.attribute, slot.context;

// name: list_exported_memories
// A page of the memories, oldest first, with what they name, give values for and are taken from.
MATCH (memory:Memory)
WHERE memory.space_key = $space_key AND memory.created_at >= $after AND memory.visible_to IN $tokens
  AND NOT (memory.created_at = $after AND memory.id <= $after_id)
WITH memory ORDER BY memory.space_key, memory.created_at, memory.id LIMIT $limit
RETURN memory {
  .id, .content, .l0_abstract, .l1_overview, .category, .memory_type, .state, .state_before, .tier, .importance, .confidence,
  .base_confidence, .access_count, .uses, .repeat_count, .tags, .scope, .agent_id, .session_id, .source, .visibility,
  .owner_agent_id, .version, .rev, .valid_from, .valid_to, .recorded_at, .retired_at, .created_at, .updated_at,
  .last_accessed_at, .last_confirmed_at, .role, .speaker, .subject, .attribute, .value, .context, .modality, .evidence_ids,
  .outdated, .needs_review, .centrality, .compared_hash, .consolidated_hash, .derived_key, .review_at, .tier_at,
  author_id: CASE WHEN coalesce(memory.author_id, memory.tenant_id) <> $tenant_id
    THEN coalesce(memory.author_id, memory.tenant_id) END,
  is_current: memory.current_key IS NOT NULL,
  ratings: COLLECT {
    MATCH (agent:Agent {tenant_id: $tenant_id})-[rated:RATED]->(memory)
    RETURN rated {agent_id: agent.id, .verdict, .has_raised, .created_at, .updated_at} AS row ORDER BY agent.id
  },
  mentions: COLLECT {
    MATCH (memory)-[mention:MENTIONS]->(entity:Entity)
    RETURN mention {entity: entity.id, .task, .created_at} AS row ORDER BY entity.norm_name, entity.type
  },
  about: COLLECT {
    MATCH (memory)-[about:ABOUT]->(slot:Slot)
    RETURN about {slot: slot.id, .value, .task, .created_at} AS row ORDER BY slot.subject, slot.attribute, slot.context
  },
  evidence: COLLECT {
    MATCH (memory)-[said:EXTRACTED_FROM]->(message:Episode) WHERE message.visible_to IN $tokens
    RETURN said {message: message.id, .start, .end, .kind, .decision, .task, .created_at} AS row
    ORDER BY said.created_at, message.session_id, message.position
  }
} AS line
ORDER BY memory.created_at, memory.id;

// name: list_exported_revisions
// What these memories said before.
UNWIND $ids AS id
MATCH (memory:Memory {id: id}) WHERE memory.space_key = $space_key
MATCH (memory)<-[:REVISION_OF]-(revision:Revision)
RETURN revision {
  memory: memory.id, .version, .content, .tags, .category, .memory_type, .state, .importance, .edited_at,
  author_id: CASE WHEN coalesce(revision.author_id, revision.edited_by) <> $tenant_id
    THEN coalesce(revision.author_id, revision.edited_by) END
} AS line
ORDER BY line.memory, line.version;

// name: list_exported_links
// A page of the memories that have relations, or are copies: those to what is part of the export, too.
MATCH (memory:Memory)
WHERE memory.space_key = $space_key AND memory.created_at >= $after AND memory.visible_to IN $tokens
  AND NOT (memory.created_at = $after AND memory.id <= $after_id)
WITH memory ORDER BY memory.space_key, memory.created_at, memory.id LIMIT $limit
RETURN memory {
  .id, .created_at,
  relations: COLLECT {
    MATCH (memory)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|SIMILAR_TO|JUDGED]->(other:Memory)
    WHERE other.space_key IN $space_keys AND other.visible_to IN $tokens
    RETURN relation {
      type: toLower(type(relation)), source: memory.id, target: other.id, .id, .label, .weight, .method, .cosine, .hashes, .text_hash,
      .resolved_by, .resolution, .decision, .task, .created_at
    } AS row
    ORDER BY row.type, other.created_at, other.id
  },
  shares: COLLECT {
    MATCH (memory)-[shared:SHARED_FROM]->(origin:Memory|Episode|Origin)
    RETURN shared {
      copy: memory.id, origin: origin.id, root: coalesce(memory.origin_id, origin.id), origin_space: origin.space_id,
      origin_created_at: origin.created_at, visible_to: memory.visible_to, is_kept: memory.share_key IS NOT NULL, .agent, .at, .note, .rule, .mode,
      .source_version,
      author_id: CASE WHEN coalesce(shared.author_id, shared.by) <> $tenant_id THEN coalesce(shared.author_id, shared.by) END
    } AS row
  }
} AS links
ORDER BY memory.created_at, memory.id;

// name: list_exported_decisions
// A page of the decisions, oldest first.
MATCH (decision:Decision)
WHERE decision.space_key = $space_key AND decision.created_at >= $after AND decision.visible_to IN $tokens
  AND NOT (decision.created_at = $after AND decision.id <= $after_id)
WITH decision ORDER BY decision.space_key, decision.created_at, decision.id LIMIT $limit
RETURN decision {
  .*, merged: head([(decision)-[:DECIDED {op: 'merged'}]->(entity:Entity) | entity.id])
} AS decision
ORDER BY decision.created_at, decision.id;

// name: list_exported_noise
// A page of the texts that are noise, for one audience.
MATCH (example:NoiseExample)
WHERE example.space_key = $space_key AND example.visible_to = $token AND example.text_hash > $after_hash
WITH example ORDER BY example.space_key, example.visible_to, example.text_hash LIMIT $limit
RETURN example {
  .text_hash, .visible_to, line: example {.id, .visible_to, .text, .source, .memory_ids, .hits, .created_at, .last_hit_at}
} AS example
ORDER BY example.text_hash;
