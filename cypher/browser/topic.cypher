// Relations of a topic
// What the memories with a word in them support, contradict, replace and put into context, and what they name.
// :param space => 'personal/<user_id>'  which space
// :param topic => 'harbor'  a word of the memories, in any case
MATCH (space:Space {id: $space})<-[:IN_SPACE]-(memory:Memory)
WHERE toLower(memory.content) CONTAINS toLower($topic) AND NOT memory.state IN ['deleted', 'retracted']
WITH memory ORDER BY memory.created_at DESC LIMIT 60
OPTIONAL MATCH relation = (memory)-[:SUPPORTS|CONTRADICTS|SUPERSEDES|CONTEXTUALIZES|MERGED_FROM|DERIVED_FROM]-(other:Memory)
WHERE NOT other.state IN ['deleted', 'retracted']
OPTIONAL MATCH mention = (memory)-[:MENTIONS]->(:Entity)
RETURN memory, relation, mention;
