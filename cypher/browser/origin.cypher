// How a fact came to be
// A memory back to the messages, sessions and agents it was taken from, what it replaced, was made of or is supported
// by, and the decisions about it.
// :param space => 'personal/<user_id>'  which space
// :param fact => 'lives in'  words of the memory, in any case
MATCH (space:Space {id: $space})<-[:IN_SPACE]-(memory:Memory)
WHERE toLower(memory.content) CONTAINS toLower($fact)
WITH memory ORDER BY memory.state = 'active' DESC, memory.created_at DESC LIMIT 3
OPTIONAL MATCH source = (memory)-[:SUPERSEDES|MERGED_FROM|DERIVED_FROM*1..5]->(:Memory)
OPTIONAL MATCH support = (memory)<-[:SUPPORTS]-(:Memory)
OPTIONAL MATCH said = (memory)-[:EXTRACTED_FROM]->(:Episode)-[:PART_OF]->(:Session)-[:HELD_BY]->(:Agent)
OPTIONAL MATCH decided = (:Decision)-[:DECIDED]->(memory)
RETURN memory, source, support, said, decided;
