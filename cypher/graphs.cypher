// Parts of the graph around some nodes.  Each node of each step is one that the caller may see; an entity or slot is seen
// through a memory that is.

// name: list_graph_nodes
// Those of the ids that are memories, messages, entities or slots which the caller may see.
UNWIND $ids AS id
MATCH (node:Memory|Episode|Entity|Slot {id: id})
WITH DISTINCT node
WHERE node.space_key IN $space_keys
  AND CASE WHEN node:Entity OR node:Slot
    THEN EXISTS {
      MATCH (node)<-[:MENTIONS|ABOUT]-(memory:Memory)
      WHERE memory.space_key IN $space_keys AND memory.visible_to IN $visible AND NOT memory.state IN ['deleted', 'retracted']
    }
    ELSE node.visible_to IN $visible AND NOT node.state IN ['deleted', 'retracted'] END
RETURN {
  id: node.id, kind: CASE WHEN node:Entity THEN 'entity' WHEN node:Slot THEN 'slot' ELSE node.kind END,
  label: coalesce(node.content, node.name, node.subject + ' ' + node.attribute),
  category: coalesce(node.category, node.type, ''), state: coalesce(node.state, ''), confidence: node.confidence
} AS node;

// name: list_neighbours_of
// The relationships of some nodes with the nodes at their other ends, so many for each.
UNWIND $ids AS id
MATCH (node:Memory|Episode|Entity|Slot {id: id})
WITH DISTINCT node
WHERE node.space_key IN $space_keys
  AND (node:Entity OR node:Slot OR (node.visible_to IN $visible AND NOT node.state IN ['deleted', 'retracted']))
CALL (node) {
  MATCH (node)-[relation:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM|MENTIONS|ABOUT|EXTRACTED_FROM|NEXT]-(other:Memory|Episode|Entity|Slot)
  WHERE other.space_key IN $space_keys
    AND (other:Entity OR other:Slot OR (other.visible_to IN $visible AND NOT other.state IN ['deleted', 'retracted']))
  RETURN relation, other ORDER BY other.id, type(relation) LIMIT $limit
}
RETURN {
  edge: {
    type: type(relation), source_id: startNode(relation).id, target_id: endNode(relation).id, label: relation.label,
    weight: relation.weight, method: coalesce(relation.method, '')
  },
  node: {
    id: other.id, kind: CASE WHEN other:Entity THEN 'entity' WHEN other:Slot THEN 'slot' ELSE other.kind END,
    label: coalesce(other.content, other.name, other.subject + ' ' + other.attribute),
    category: coalesce(other.category, other.type, ''), state: coalesce(other.state, ''), confidence: other.confidence
  },
  is_hub: COUNT { (other)<-[:MENTIONS|ABOUT]-() } > $most_mentions
} AS neighbour
ORDER BY node.id, neighbour.node.id;
