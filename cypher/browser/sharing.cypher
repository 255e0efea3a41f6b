// Who shared what
// What was copied out of a space or into it: the origin, the copy, the space of either, and on the edge by whom.
// :param space => 'personal/<user_id>'  which space
MATCH (space:Space {id: $space})
MATCH (space)<-[:IN_SPACE]-(one:Memory)-[:SHARED_FROM]-(:Memory|Episode|Origin)
WITH DISTINCT one ORDER BY one.created_at DESC LIMIT 100
MATCH (one)-[shared:SHARED_FROM]-(other:Memory|Episode|Origin)
WITH startNode(shared) AS copy, shared, endNode(shared) AS origin
OPTIONAL MATCH from_space = (origin)-[:IN_SPACE]->(:Space)
OPTIONAL MATCH to_space = (copy)-[:IN_SPACE]->(:Space)
OPTIONAL MATCH (sharer:Tenant {id: shared.by})
RETURN origin, shared, copy, from_space, to_space, sharer;
