// Invitations to spaces.  Those who invite were found to be admins of the space; those who answer are the invited.

// name: get_open_invitation
// What somebody who was invited to a space has not answered yet.
MATCH (invitation:Invitation)
WHERE invitation.space_key = $space_key AND invitation.user_id = $user_id
  AND invitation.status = 'pending' AND invitation.expires_at > $now
WITH invitation LIMIT 1
MATCH (space:Space {space_key: invitation.space_key})
RETURN invitation {.*, space_id: space.id, space_name: space.name, space_type: space.kind} AS invitation;

// name: create_invitation
// Invites somebody to a space.
CREATE (invitation:Invitation)
SET invitation = $properties
RETURN invitation.id AS id;

// name: update_invitation
// Changes the role that somebody was invited for.
MATCH (invitation:Invitation {id: $id})
SET invitation.role = $role
RETURN invitation.id AS id;

// name: get_invitation
// An invitation of the caller to a space that is still there.
MATCH (invitation:Invitation {id: $id})
WHERE invitation.user_id = $user_id
MATCH (space:Space {space_key: invitation.space_key})
RETURN invitation {.*, space_id: space.id, space_name: space.name, space_type: space.kind} AS invitation;

// name: list_invitations
// What the caller was invited to and has not answered, newest first, from a cursor on.
MATCH (invitation:Invitation)
WHERE invitation.user_id = $user_id AND invitation.created_at <= $before
  AND NOT (invitation.created_at = $before AND invitation.id >= $before_id)
  AND invitation.status = 'pending' AND invitation.expires_at > $now
WITH invitation ORDER BY invitation.created_at DESC, invitation.id DESC LIMIT $limit
MATCH (space:Space {space_key: invitation.space_key})
RETURN invitation {.*, space_id: space.id, space_name: space.name, space_type: space.kind} AS found
ORDER BY found.created_at DESC, found.id DESC;

// name: answer_invitation
// Records what the invited said.
MATCH (invitation:Invitation {id: $id})
WHERE invitation.user_id = $user_id
SET invitation.status = $status, invitation.answered_at = $now
RETURN invitation.id AS id;
