// Where all that belongs to a space is found when it is erased, the space itself when nobody is in it any more, and who is
// invited.

CREATE CONSTRAINT space_erased_key_is_unique IF NOT EXISTS FOR (space:Space) REQUIRE space.erased_key IS UNIQUE;
CREATE INDEX task_by_space IF NOT EXISTS FOR (task:Task) ON (task.space_key);
CREATE INDEX import_by_space IF NOT EXISTS FOR (import:Import) ON (import.space_key);
CREATE INDEX connection_by_space IF NOT EXISTS FOR (connection:Connection) ON (connection.space_key);
CREATE INDEX external_object_by_space IF NOT EXISTS FOR (object:ExternalObject) ON (object.space_key);
CREATE INDEX invitation_by_space IF NOT EXISTS FOR (invitation:Invitation) ON (invitation.space_key, invitation.user_id);
CREATE INDEX invitation_by_user IF NOT EXISTS FOR (invitation:Invitation) ON (invitation.user_id, invitation.created_at);
