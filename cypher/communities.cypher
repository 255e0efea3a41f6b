// Communities of a space: derived from the graph and made anew when it changed.  They are made only of what everybody in the
// space sees.  Reading takes the spaces and visibility tokens of the caller; making takes the space it works on.

// name: get_moved
// The revision of a space, at which one its communities were made, and of how much edge weight.
MATCH (state:SpaceState {space_key: $space_key})
RETURN {rev: state.rev, made_at: coalesce(state.communities_rev, -1), weight: state.communities_weight} AS moved;

// name: list_sketch_memories
// The newest memories of a space that everybody there sees, each with the things that it names, under one name each.
MATCH (memory:Memory {space_key: $space_key}) USING INDEX memory:Memory(space_key, created_at)
WHERE memory.created_at <= $now AND memory.state = 'active' AND memory.visible_to = 'all0' AND memory.derived_key IS NULL
WITH memory ORDER BY memory.space_key DESC, memory.created_at DESC LIMIT $limit
RETURN {
  id: memory.id, centrality: memory.centrality,
  entity_ids: COLLECT {
    MATCH (memory)-[:MENTIONS]->(:Entity)-[:SAME_AS*0..5]->(thing:Entity)
    WHERE NOT EXISTS { (thing)-[:SAME_AS]->() }
    RETURN DISTINCT thing.id AS id ORDER BY id
  }
} AS memory;

// name: list_sketch_relations
// How memories hold together: relations by their weight, closeness for less (pipelines 4.5).
UNWIND $ids AS id
MATCH (memory:Memory {id: id})-[relation:SUPPORTS|CONTRADICTS|CONTEXTUALIZES|DERIVED_FROM|SIMILAR_TO]->(other:Memory)
WHERE memory.space_key = $space_key AND other.space_key = $space_key AND other.state = 'active' AND other.visible_to = 'all0'
RETURN {
  source_id: memory.id, target_id: other.id,
  weight: CASE type(relation)
    WHEN 'SIMILAR_TO' THEN 0.3 * coalesce(relation.cosine, 0.0)
    WHEN 'CONTRADICTS' THEN 0.5
    WHEN 'DERIVED_FROM' THEN 0.6
    ELSE 0.8 END
} AS relation;

// name: list_clusters
// The communities of a space as they are, with the ids of their members.
MATCH (community:Community {space_key: $space_key})
RETURN {
  id: community.id,
  memory_ids: COLLECT { MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory) RETURN memory.id AS id ORDER BY id },
  entity_ids: COLLECT { MATCH (community)<-[:IN_COMMUNITY]-(entity:Entity) RETURN entity.id AS id ORDER BY id }
} AS cluster
ORDER BY cluster.id;

// name: delete_communities
// Takes away the communities of a space that are no more.
MATCH (community:Community {space_key: $space_key})
WHERE NOT community.id IN $kept
DETACH DELETE community;

// name: delete_members
// Takes members out of communities that they belong to no longer.
UNWIND $rows AS row
MATCH (community:Community {id: row.community_id}) WHERE community.space_key = $space_key
MATCH (member:Memory|Entity {id: row.member_id})-[within:IN_COMMUNITY]->(community)
DELETE within;

// name: create_communities
// Communities with their labels; one that is there gets its new label.
UNWIND $rows AS row
MERGE (community:Community {id: row.id})
ON CREATE SET community.space_key = $space_key, community.created_at = $now
SET community.label = row.label, community.memory_count = row.memory_count, community.updated_at = $now,
    community.task = $task_id;

// name: create_members
// Puts memories and entities into communities of their space.
UNWIND $rows AS row
MATCH (community:Community {id: row.community_id}) WHERE community.space_key = $space_key
CALL (row) {
  MATCH (memory:Memory {id: row.member_id}) WHERE memory.space_key = $space_key RETURN memory AS member
  UNION
  MATCH (entity:Entity {id: row.member_id}) WHERE entity.space_key = $space_key RETURN entity AS member
}
MERGE (member)-[:IN_COMMUNITY]->(community);

// name: update_centralities
// How central memories and entities of a space are.
UNWIND $rows AS row
MATCH (node:Memory|Entity {id: row.id})
WHERE node.space_key = $space_key
SET node.centrality = row.centrality;

// name: mark_communities
// Records at which revision of a space its communities were made, and of how much edge weight; the revision itself stays.
MATCH (state:SpaceState {space_key: $space_key})
SET state.communities_rev = $rev, state.communities_weight = $weight;

// name: list_communities
// A page of communities by how many of their memories the caller sees, with their most named entities and some texts.
UNWIND $space_keys AS space_key
MATCH (community:Community {space_key: space_key})
CALL (community) {
  MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
  WHERE memory.space_key = community.space_key AND memory.visible_to IN $visible AND memory.state = 'active'
  RETURN count(memory) AS memory_count
}
WITH community, memory_count
WHERE memory_count > 0 AND ($id = '' OR community.id = $id)
  AND ($after_id = '' OR memory_count < $after_count OR (memory_count = $after_count AND community.id > $after_id))
WITH community, memory_count ORDER BY memory_count DESC, community.id LIMIT $limit
RETURN {
  id: community.id, space_key: community.space_key, memory_count: memory_count, updated_at: community.updated_at,
  entities: COLLECT {
    MATCH (community)<-[:IN_COMMUNITY]-(entity:Entity)
    MATCH (entity)<-[:SAME_AS*0..5]-(:Entity)<-[:MENTIONS]-(memory:Memory)-[:IN_COMMUNITY]->(community)
    WHERE memory.visible_to IN $visible AND memory.state = 'active'
    WITH entity, count(DISTINCT memory) AS mentions
    RETURN entity {.id, .name, .type, memory_count: mentions} AS named
    ORDER BY mentions DESC, entity.centrality DESC, entity.id LIMIT $most_entities
  },
  texts: COLLECT {
    MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
    WHERE memory.space_key = community.space_key AND memory.visible_to IN $visible AND memory.state = 'active'
    RETURN memory.content AS content ORDER BY memory.centrality DESC, memory.id LIMIT $most_texts
  }
} AS community
ORDER BY community.memory_count DESC, community.id;

// name: list_community_memories
// The ids of the memories of a community that the caller sees, the most central first.
MATCH (community:Community {id: $id})
WHERE community.space_key IN $space_keys
MATCH (community)<-[:IN_COMMUNITY]-(memory:Memory)
WHERE memory.space_key = community.space_key AND memory.visible_to IN $visible AND memory.state = 'active'
RETURN memory.id AS id
ORDER BY memory.centrality DESC, memory.id LIMIT $limit;
