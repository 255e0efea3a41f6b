// What is unique.  A composite key has no null parts: they would escape the constraint, so '' stands for none.
// `current_key` and `dedup_key` are removed when a memory stops being current: unique constraints ignore what has no value.

CREATE CONSTRAINT schema_version_number_is_unique IF NOT EXISTS FOR (version:SchemaVersion) REQUIRE version.number IS UNIQUE;
CREATE CONSTRAINT embedding_model_key_is_unique IF NOT EXISTS FOR (model:EmbeddingModel) REQUIRE model.key IS UNIQUE;

CREATE CONSTRAINT tenant_id_is_unique IF NOT EXISTS FOR (tenant:Tenant) REQUIRE tenant.id IS UNIQUE;
CREATE CONSTRAINT api_key_hash_is_unique IF NOT EXISTS FOR (key:ApiKey) REQUIRE key.hash IS UNIQUE;
CREATE CONSTRAINT api_key_id_is_unique IF NOT EXISTS FOR (key:ApiKey) REQUIRE key.id IS UNIQUE;
CREATE CONSTRAINT agent_group_is_unique IF NOT EXISTS FOR (group:AgentGroup) REQUIRE (group.tenant_id, group.name) IS UNIQUE;
CREATE CONSTRAINT space_id_is_unique IF NOT EXISTS FOR (space:Space) REQUIRE space.id IS UNIQUE;
CREATE CONSTRAINT space_key_is_unique IF NOT EXISTS FOR (space:Space) REQUIRE space.space_key IS UNIQUE;
CREATE CONSTRAINT space_state_key_is_unique IF NOT EXISTS FOR (state:SpaceState) REQUIRE state.space_key IS UNIQUE;
CREATE CONSTRAINT agent_is_unique IF NOT EXISTS FOR (agent:Agent) REQUIRE (agent.tenant_id, agent.id) IS UNIQUE;
CREATE CONSTRAINT session_is_unique IF NOT EXISTS FOR (session:Session) REQUIRE (session.space_key, session.id) IS UNIQUE;

CREATE CONSTRAINT memory_id_is_unique IF NOT EXISTS FOR (memory:Memory) REQUIRE memory.id IS UNIQUE;
CREATE CONSTRAINT memory_current_key_is_unique IF NOT EXISTS FOR (memory:Memory) REQUIRE memory.current_key IS UNIQUE;
CREATE CONSTRAINT memory_share_key_is_unique IF NOT EXISTS FOR (memory:Memory) REQUIRE memory.share_key IS UNIQUE;
CREATE CONSTRAINT episode_id_is_unique IF NOT EXISTS FOR (episode:Episode) REQUIRE episode.id IS UNIQUE;
CREATE CONSTRAINT episode_dedup_key_is_unique IF NOT EXISTS FOR (episode:Episode) REQUIRE episode.dedup_key IS UNIQUE;
CREATE CONSTRAINT chunk_id_is_unique IF NOT EXISTS FOR (chunk:Chunk) REQUIRE chunk.id IS UNIQUE;
CREATE CONSTRAINT document_is_unique IF NOT EXISTS FOR (document:Document) REQUIRE (document.space_key, document.hash, document.version) IS UNIQUE;
CREATE CONSTRAINT revision_is_unique IF NOT EXISTS FOR (revision:Revision) REQUIRE (revision.memory_id, revision.version) IS UNIQUE;
CREATE CONSTRAINT tag_is_unique IF NOT EXISTS FOR (tag:Tag) REQUIRE (tag.space_key, tag.name) IS UNIQUE;

CREATE CONSTRAINT entity_id_is_unique IF NOT EXISTS FOR (entity:Entity) REQUIRE entity.id IS UNIQUE;
CREATE CONSTRAINT entity_name_is_unique IF NOT EXISTS FOR (entity:Entity) REQUIRE (entity.space_key, entity.norm_name, entity.type) IS UNIQUE;
CREATE CONSTRAINT slot_id_is_unique IF NOT EXISTS FOR (slot:Slot) REQUIRE slot.id IS UNIQUE;
CREATE CONSTRAINT slot_is_unique IF NOT EXISTS FOR (slot:Slot) REQUIRE (slot.space_key, slot.subject, slot.attribute, slot.context) IS UNIQUE;
CREATE CONSTRAINT decision_id_is_unique IF NOT EXISTS FOR (decision:Decision) REQUIRE decision.id IS UNIQUE;
CREATE CONSTRAINT community_id_is_unique IF NOT EXISTS FOR (community:Community) REQUIRE community.id IS UNIQUE;
CREATE CONSTRAINT task_id_is_unique IF NOT EXISTS FOR (task:Task) REQUIRE task.id IS UNIQUE;
CREATE CONSTRAINT task_idempotency_key_is_unique IF NOT EXISTS FOR (task:Task) REQUIRE task.idempotency_key IS UNIQUE;

CREATE CONSTRAINT auto_share_rule_id_is_unique IF NOT EXISTS FOR (rule:AutoShareRule) REQUIRE rule.id IS UNIQUE;
CREATE CONSTRAINT pending_share_id_is_unique IF NOT EXISTS FOR (share:PendingShare) REQUIRE share.id IS UNIQUE;
CREATE CONSTRAINT sharing_event_id_is_unique IF NOT EXISTS FOR (event:SharingEvent) REQUIRE event.id IS UNIQUE;
CREATE CONSTRAINT invitation_id_is_unique IF NOT EXISTS FOR (invitation:Invitation) REQUIRE invitation.id IS UNIQUE;
CREATE CONSTRAINT import_id_is_unique IF NOT EXISTS FOR (import:Import) REQUIRE import.id IS UNIQUE;
CREATE CONSTRAINT connection_id_is_unique IF NOT EXISTS FOR (connection:Connection) REQUIRE connection.id IS UNIQUE;
CREATE CONSTRAINT audit_event_id_is_unique IF NOT EXISTS FOR (event:AuditEvent) REQUIRE event.id IS UNIQUE;
CREATE CONSTRAINT recall_event_id_is_unique IF NOT EXISTS FOR (event:RecallEvent) REQUIRE event.id IS UNIQUE;
CREATE CONSTRAINT noise_example_id_is_unique IF NOT EXISTS FOR (example:NoiseExample) REQUIRE example.id IS UNIQUE;
