// Connections and what they bring: each thing of a repository once in a space, each call of a webhook once.

CREATE CONSTRAINT connection_token_is_unique IF NOT EXISTS FOR (connection:Connection) REQUIRE connection.token_hash IS UNIQUE;
CREATE CONSTRAINT connection_repository_is_unique IF NOT EXISTS FOR (connection:Connection) REQUIRE (connection.tenant_id, connection.space_key, connection.repo) IS UNIQUE;
CREATE CONSTRAINT external_object_key_is_unique IF NOT EXISTS FOR (object:ExternalObject) REQUIRE object.key IS UNIQUE;
CREATE CONSTRAINT delivery_key_is_unique IF NOT EXISTS FOR (delivery:Delivery) REQUIRE delivery.key IS UNIQUE;
CREATE INDEX connection_by_tenant IF NOT EXISTS FOR (connection:Connection) ON (connection.tenant_id, connection.created_at);
CREATE INDEX delivery_by_connection IF NOT EXISTS FOR (delivery:Delivery) ON (delivery.connection_id, delivery.received_at);
CREATE INDEX external_object_by_thread IF NOT EXISTS FOR (object:ExternalObject) ON (object.space_key, object.repo, object.thread);
CREATE INDEX external_object_by_task IF NOT EXISTS FOR (object:ExternalObject) ON (object.task_id);
