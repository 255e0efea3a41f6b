// Contradictions
// Pairs of memories that cannot both hold, open ones first, with the messages that state either.
// :param space => 'personal/<user_id>'  which space
MATCH (space:Space {id: $space})<-[:IN_SPACE]-(left:Memory)-[conflict:CONTRADICTS]->(right:Memory)
WITH left, conflict, right ORDER BY conflict.resolved_by IS NOT NULL, conflict.created_at DESC LIMIT 50
OPTIONAL MATCH left_said = (left)-[:EXTRACTED_FROM]->(:Episode)
OPTIONAL MATCH right_said = (right)-[:EXTRACTED_FROM]->(:Episode)
RETURN left, conflict, right, left_said, right_said;
