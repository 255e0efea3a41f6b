// A small graph that has every label, relationship type and property of the product at least once, so that the server
// recognises all names when it explains our queries, and saved queries have something to show.  All nodes carry the
// label Sample and belong to one tenant without a usable key: both statements find and remove them without an id.

// What an earlier run that was interrupted left behind.
MATCH (old:Sample) DETACH DELETE old;

CREATE (tenant:Tenant:Sample {id: 'sample-tenant', name: 'Sample', status: 'active', created_at: datetime('2026-03-01T09:00:00Z')})
CREATE (:ApiKey:Sample {
  id: 'sample-key', tenant_id: tenant.id, hash: 'no key has this hash', prefix: 'omk_sample', scopes: ['read'],
  agent_id: 'mcp', created_at: tenant.created_at, last_used_at: tenant.created_at,
  expires_at: tenant.created_at, revoked_at: tenant.created_at
})
CREATE (tenant)-[:HAS_GROUP]->(:AgentGroup:Sample {tenant_id: tenant.id, name: 'coders', agents: ['mcp']})
CREATE (space:Space:Sample {
  id: 'personal/sample-tenant', space_key: 'ssample0', kind: 'personal', name: 'Sample', owner_id: tenant.id,
  admission: 'balanced', secrets: 'mark', llm_tokens_a_day: 0, created_at: tenant.created_at, updated_at: tenant.created_at
})
CREATE (:SpaceState:Sample {space_key: space.space_key, rev: 1, locked: true, communities_rev: 1, communities_weight: 1.0, consolidated_rev: 1, event_count: 1, events_gone: 0, memory_count: 4, text_bytes: 120})
CREATE (:Quota:Sample {tenant_id: tenant.id, memories: 1000, text_bytes: 1000000, llm_tokens_a_day: 10000, locked: true})
CREATE (tenant)-[:MEMBER_OF {role: 'admin', joined_at: tenant.created_at}]->(space)

CREATE (team:Space:Sample {
  id: 'team/sample', space_key: 'steam0', kind: 'team', name: 'Team', owner_id: tenant.id, created_at: tenant.created_at,
  updated_at: tenant.created_at
})
CREATE (:SpaceState:Sample {space_key: team.space_key, rev: 1})
CREATE (tenant)-[:MEMBER_OF {role: 'admin', joined_at: tenant.created_at}]->(team)
CREATE (rule:AutoShareRule:Sample {
  id: 'sample-rule', space_key: team.space_key, source_space: space.id, categories: ['profile'], tags: ['home'],
  min_importance: 0.4, require_approval: false, created_by: tenant.id, created_at: tenant.created_at,
  deleted_at: tenant.created_at
})
CREATE (rule)-[:SHARES_INTO]->(team), (rule)-[:SHARES_FROM]->(space)

CREATE (agent:Agent:Sample {tenant_id: tenant.id, id: 'mcp'})
CREATE (session:Session:Sample {
  space_key: space.space_key, id: 'sample-session', agent_id: agent.id, tenant_id: tenant.id, source: 'mcp',
  visible_to: 'all0', last_seq: 2,
  next_position: 2, created_at: tenant.created_at, updated_at: tenant.created_at
})
CREATE (session)-[:HELD_BY]->(agent)
CREATE (asked:Episode:Sample {
  id: 'sample-message-1', kind: 'message', content: 'Where do you live?', l0_abstract: 'Where do you live?', l1_overview: '',
  category: 'events', memory_type: 'session', state: 'active', state_before: 'held', tier: 'peripheral', importance: 0.5, confidence: 0.5,
  base_confidence: 0.5, access_count: 0, uses: 0.0, repeat_count: 0, tags: ['home'], scope: 'global', agent_id: agent.id,
  session_id: session.id, tenant_id: tenant.id, author_id: 'sample-author', source: 'mcp', space_id: space.id, space_key: space.space_key,
  visibility: 'global', visible_to: 'all0', owner_agent_id: agent.id, version: 1, rev: 1, valid_from: tenant.created_at,
  valid_to: datetime('9999-12-31T00:00:00Z'), recorded_at: tenant.created_at, retired_at: datetime('9999-12-31T00:00:00Z'),
  created_at: tenant.created_at, updated_at: tenant.created_at, last_accessed_at: tenant.created_at, facets: 'kind0',
  text_hash: 'asked', role: 'user', speaker: 'Ann', subject: '', attribute: '', value: '', context: '', modality: 'fact',
  evidence_ids: [], outdated: true, position: 0, hash: 'asked', seq: 1, dedup_key: 'sample-asked',
  embed_task: 'sample-task', embedding: [place IN range(1, $dimension) | 1.0 / place], ingest_task: 'sample-task',
  text_bytes: 18, heading_path: 'Notes', line_start: 1, line_end: 2, page: 1, symbol: 'f', as_fact: true
})
CREATE (said:Episode:Sample)
SET said = asked {
  .*, id: 'sample-message-2', content: '我住在上海。', l0_abstract: '我住在上海。', role: 'assistant', text_hash: 'said',
  position: 1, hash: 'said', seq: 2, dedup_key: 'sample-said'
}
CREATE (asked)-[:NEXT]->(said)
CREATE (asked)-[:PART_OF]->(session), (said)-[:PART_OF]->(session)
CREATE (asked)-[:IN_SPACE]->(space), (said)-[:IN_SPACE]->(space)

CREATE (memory:Memory:Sample)
SET memory = said {
  .*, id: 'sample-memory-1', kind: 'memory', content: 'Ann lives in Shanghai.', l0_abstract: 'Ann lives in Shanghai.',
  l1_overview: 'Where Ann lives.', category: 'profile', memory_type: 'insight', text_hash: 'memory', role: '', speaker: '',
  subject: 'Ann', attribute: 'residence', value: 'Shanghai', context: '', modality: 'fact', evidence_ids: [said.id],
  needs_review: true, compared_hash: 'memory', consolidated_hash: 'memory', derived_key: 'sample-community', centrality: 0.5, review_at: tenant.created_at, tier_at: tenant.created_at, current_key: 'sample-current', share_key: 'sample-share', last_confirmed_at: tenant.created_at,
  position: null, hash: null, seq: null, dedup_key: null
}
CREATE (other:Memory:Sample)
SET other = memory {
  .*, id: 'sample-memory-2', content: 'Ann lives in Paris.', state: 'superseded', valid_to: tenant.created_at,
  text_hash: 'other', current_key: null, share_key: null
}
CREATE (memory)-[:IN_SPACE]->(space), (other)-[:IN_SPACE]->(space)
CREATE (:RecallEvent:Sample {
  id: 'sample-recall', space_key: space.space_key, tenant_id: tenant.id, agent_id: agent.id, at: tenant.created_at
})-[:RECALLED {at: tenant.created_at, count: 1}]->(memory)
CREATE (:Job:Sample {
  name: 'sample-job', worker: 'sample', lease_until: tenant.created_at, next_at: tenant.created_at,
  started_at: tenant.created_at, finished_at: tenant.created_at, error: '', lock: 'nobody'
})
CREATE (memory)-[:EXTRACTED_FROM {
  start: 0, end: 6, kind: 'first', decision: 'sample-decision', task: 'sample-task', created_at: tenant.created_at
}]->(said)
CREATE (chunk:Chunk:Sample {
  id: 'sample-chunk', content: 'Ann lives', position: 0, space_key: space.space_key, visible_to: 'all0', kind: 'memory',
  state: 'active', category: 'profile', memory_type: 'insight', source: 'mcp', agent_id: agent.id, session_id: session.id,
  valid_from: memory.valid_from, valid_to: memory.valid_to, recorded_at: memory.recorded_at, retired_at: memory.retired_at,
  embed_task: 'sample-task', embedding: memory.embedding
})-[:PART_OF]->(memory)
CREATE (entity:Entity:Sample {
  id: 'sample-entity', space_key: space.space_key, norm_name: 'ann', type: 'person', name: 'Ann', aliases: [],
  created_at: tenant.created_at, task: 'sample-task'
})
CREATE (alias:Entity:Sample)
SET alias = entity {.*, id: 'sample-alias', norm_name: 'annie', name: 'Annie'}
CREATE (alike:Entity:Sample)
SET alike = entity {.*, id: 'sample-alike', norm_name: 'anna', name: 'Anna'}
CREATE (entity)-[:POSSIBLY_SAME {score: 0.8, task: 'sample-task', created_at: tenant.created_at}]->(alike)
CREATE (alias)-[:SAME_AS {decision: 'sample-merge', visible_to: 'all0', created_at: tenant.created_at}]->(entity)
CREATE (community:Community:Sample {
  id: 'sample-community', space_key: space.space_key, label: 'Ann, Shanghai', memory_count: 1, task: 'sample-task',
  created_at: tenant.created_at, updated_at: tenant.created_at
})
CREATE (memory)-[:IN_COMMUNITY]->(community), (entity)-[:IN_COMMUNITY]->(community)
CREATE (slot:Slot:Sample {
  id: 'sample-slot', space_key: space.space_key, subject: 'ann', attribute: 'residence', context: '', cardinality: 'one',
  created_at: tenant.created_at, task: 'sample-task'
})
CREATE (memory)-[:MENTIONS {task: 'sample-task', created_at: tenant.created_at}]->(entity)
CREATE (memory)-[:ABOUT {value: 'Shanghai', task: 'sample-task', created_at: tenant.created_at}]->(slot)
CREATE (decision:Decision:Sample {
  id: 'sample-decision', task_id: 'sample-task', space_key: space.space_key, tenant_id: tenant.id, visible_to: 'all0', rev: 1,
  fact: 0, action: 'supersede', requested_action: 'supersede', text: memory.content, category: 'profile',
  memory_id: memory.id, target_id: other.id, reason: 'by the same speaker later', label: '', method: 'rule', scores_json: '{}',
  created: [memory.id], before_json: '[]', repeats: [], evidence: [said.id], fact_json: '{}', is_discovered: true, created_at: tenant.created_at,
  undone_at: tenant.created_at
})
CREATE (decision)-[:DECIDED {op: 'created'}]->(memory), (decision)-[:DECIDED {op: 'changed'}]->(other)
CREATE (merge:Decision:Sample)
SET merge = decision {.*, id: 'sample-merge', action: 'merge', requested_action: 'merge', memory_id: '', target_id: '', method: 'user'}
CREATE (merge)-[:DECIDED {op: 'merged'}]->(alias)
CREATE (:Revision:Sample {
  memory_id: memory.id, space_key: space.space_key, version: 1, content: 'Ann lives in China.', tags: ['home'],
  category: 'profile', memory_type: 'insight', state: 'active', importance: 0.5, edited_at: tenant.created_at,
  edited_by: tenant.id, author_id: 'sample-author'
})-[:REVISION_OF]->(memory)
CREATE (tag:Tag:Sample {space_key: space.space_key, name: 'home'})
CREATE (memory)-[:TAGGED]->(tag), (asked)-[:TAGGED]->(tag)
FOREACH (created IN [tenant.created_at] |
  CREATE (memory)-[:SUPPORTS {space_key: 'ssample0', id: 'sample-1', decision: 'sample-decision', method: 'user', weight: 1.0, label: 'work', task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:CONTRADICTS {space_key: 'ssample0', id: 'sample-2', resolved_by: 'sample-decision', resolution: 'keep_left', decision: 'sample-decision', method: 'user', weight: 1.0, label: 'work', task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:SUPERSEDES {space_key: 'ssample0', id: 'sample-3', decision: 'sample-decision', method: 'user', weight: 1.0, label: 'work', task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:CONTEXTUALIZES {space_key: 'ssample0', id: 'sample-4', decision: 'sample-decision', method: 'user', weight: 1.0, label: 'work', task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:MERGED_FROM {space_key: 'ssample0', id: 'sample-5', decision: 'sample-decision', method: 'rule', weight: 1.0, task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:DERIVED_FROM {text_hash: 'memory', space_key: 'ssample0', id: 'sample-6', method: 'rule', weight: 1.0, task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:JUDGED {label: 'supports', method: 'judge', weight: 0.8, hashes: 'memoryother', task: 'sample-task', created_at: created}]->(other)
  CREATE (memory)-[:SIMILAR_TO {id: 'sample-7', method: 'vector', weight: 0.8, cosine: 0.8, task: 'sample-task', created_at: created}]->(other)
)
CREATE (:Task:Sample {
  id: 'sample-task', kind: 'ingest', status: 'completed', tenant_id: tenant.id, space_key: space.space_key,
  agent_id: agent.id, memory_id: memory.id, session_id: session.id, import_id: 'sample-import', erased: [], stored_count: 2, request_hash: '', done_count: 2,
  total_count: 2, counts: '{}', attempts: 1, tokens: 0, errors: [], created_at: tenant.created_at, started_at: tenant.created_at,
  finished_at: tenant.created_at, due_at: tenant.created_at, idempotency_key: 'sample-idempotency', worker: 'nobody',
  lock: 'nobody', lane: 'session ssample0 visit', phase: 'behind', cancel_asked_at: tenant.created_at
})
CREATE (:TokenUse:Sample {space_key: space.space_key, day: '2026-03-01', tokens: 1200, updated_at: tenant.created_at})
CREATE (document:Document:Sample {
  space_key: space.space_key, hash: 'document', version: 1, filename: 'notes.md', format: 'markdown', created_at: tenant.created_at
})-[:IN_SPACE]->(space)
CREATE (document)-[:CONTINUES {next_position: 1, last_seq: 1, updated_at: tenant.created_at}]->(session)
CREATE (asked)-[:PART_OF]->(document)
CREATE (:Portion:Sample {import_id: 'sample-import', space_key: space.space_key, number: 0, items: '[]', memories: 0, text_bytes: 0})-[:PART_OF]->(document)
CREATE (:Import:Sample {
  id: 'sample-import', task_id: 'sample-task', task_ids: ['sample-task'], tenant_id: tenant.id, space_id: space.id,
  space_key: space.space_key, agent_id: agent.id, session_id: session.id, filename: 'notes.md', file_type: 'markdown',
  strategy: 'auto', post_process: true, format: 'markdown', hash: 'document', version: 1, storage_total: 1,
  storage_stored: 1, storage_skipped: 0, errors: [], created_at: tenant.created_at, rolled_back_at: tenant.created_at
})-[:BROUGHT]->(document)
// Numbers below one and another key than `current`: neither the schema check nor the model check sees these two.
CREATE (:SchemaVersion:Sample {number: 0, file: '000_sample.cypher', applied_at: tenant.created_at})
CREATE (:EmbeddingModel:Sample {key: 'sample', name: 'sample', dimension: 3, next_name: 'next', next_dimension: 4, cursor: ''})

// Labels that have their constraint but no query yet.
CREATE (copy:Memory:Sample)
SET copy = memory {
  .*, id: 'sample-copy', space_id: team.id, space_key: team.space_key, current_key: null, share_key: 'sample-copy', origin_id: memory.id
}
CREATE (copy)-[:IN_SPACE]->(team)
CREATE (copy)-[:SHARED_FROM {
  by: tenant.id, author_id: 'sample-author', agent: 'mcp', at: tenant.created_at, note: 'for all', rule: rule.id, mode: 'live', source_version: 1
}]->(memory)
CREATE (trace:Origin:Sample {id: 'sample-origin', space_id: 'team/gone', created_at: tenant.created_at})
CREATE (pending:PendingShare:Sample {
  id: 'sample-pending', space_key: team.space_key, target_space: team.id, source_space: space.id, memory_id: memory.id,
  rule_id: rule.id, requested_by_user: tenant.id, requested_by_agent: 'mcp', status: 'rejected', created_at: tenant.created_at,
  answered_by: tenant.id, answered_at: tenant.created_at
})
CREATE (pending)-[:PROPOSES]->(memory), (pending)-[:ASKED_BY]->(rule)
CREATE (:SharingEvent:Sample {
  id: 'sample-event', action: 'share', memory_id: copy.id, from_space: space.id, from_key: space.space_key, to_space: team.id,
  space_key: team.space_key, user_id: tenant.id, agent_id: 'mcp', at: tenant.created_at
})
CREATE (:Invitation:Sample {
  id: 'sample-invitation', space_key: team.space_key, user_id: tenant.id, role: 'reader', status: 'pending', invited_by: tenant.id,
  created_at: tenant.created_at, expires_at: tenant.created_at, answered_at: tenant.created_at
})
CREATE (:Space:Sample {id: 'team/erased', erased_key: 'serased0', former: [tenant.id]})
CREATE (:AuditEvent:Sample {
  id: 'sample-audit', space_key: team.space_key, at: tenant.created_at, action: 'member_added', user_id: tenant.id, agent_id: 'mcp',
  subject: tenant.id, count: 1, detail: 'reader'
})
CREATE (:Event:Sample {
  space_key: team.space_key, seq: 1, type: 'member_added', subject_id: tenant.id, detail: 'reader', visible_to: 'all0', at: tenant.created_at
})
CREATE (:Connection:Sample {
  id: 'sample-connection', tenant_id: tenant.id, agent_id: 'mcp', space_id: space.id, space_key: space.space_key,
  provider: 'github', repo: 'acme/tea', token_hash: 'no token has this hash', secret_key: 'sample', webhook_id: 1,
  delivery_count: 1, created_at: tenant.created_at, last_delivery_at: tenant.created_at
})
CREATE (:Delivery:Sample {key: 'sample-delivery', connection_id: 'sample-connection', received_at: tenant.created_at})
CREATE (object:ExternalObject:Sample {
  key: 'sample-object', space_key: space.space_key, provider: 'github', repo: 'acme/tea', kind: 'issue', external_id: '1',
  thread: '#1', version: 1, text_hash: 'asked', updated_at: tenant.created_at, is_deleted: false, task_id: 'sample-task'
})
CREATE (asked)-[:VERSION_OF {number: 1, at: tenant.created_at}]->(object)
CREATE (:NoiseExample:Sample {
  id: 'sample-noise', space_id: space.id, space_key: space.space_key, visible_to: 'all0', text: 'Ping?', text_hash: 'ping',
  embedding: memory.embedding, model: 'sample', source: 'feedback', memory_ids: [memory.id], hits: 1,
  created_at: tenant.created_at, last_hit_at: tenant.created_at
})
CREATE (agent)-[:RATED {verdict: 'noise', has_raised: false, created_at: tenant.created_at, updated_at: tenant.created_at}]->(memory);
