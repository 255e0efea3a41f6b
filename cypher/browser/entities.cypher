// Entity map
// The things of a space that most memories name, the memories between them, and which may be one thing.
// :param space => 'personal/<user_id>'  which space
MATCH (space:Space {id: $space})
MATCH (entity:Entity {space_key: space.space_key})<-[:MENTIONS]-(memory:Memory {state: 'active'})
WITH entity, count(memory) AS memories ORDER BY memories DESC, entity.norm_name LIMIT 25
WITH collect(entity) AS entities
UNWIND entities AS entity
OPTIONAL MATCH shared = (entity)<-[:MENTIONS]-(memory:Memory {state: 'active'})-[:MENTIONS]->(other:Entity)
WHERE other IN entities
OPTIONAL MATCH same = (entity)-[:SAME_AS|POSSIBLY_SAME]-(:Entity)
RETURN entity, shared, same;
