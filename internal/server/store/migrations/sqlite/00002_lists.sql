-- The standard attributes of all that administrators ask for, and what makes a
-- page of a list cost its own length.
--
-- updated_at: microseconds since 1970, when revision_number grew last.
--
-- The indexes end in created_at, the order of what is alike: so the page after
-- an object is one range of one of them.

-- +goose Up

ALTER TABLE l2gateways ADD COLUMN description VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE l2gateways ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE l2gateways ADD COLUMN revision_number BIGINT NOT NULL DEFAULT 0;
UPDATE l2gateways SET updated_at = created_at;

ALTER TABLE l2gatewayconnections ADD COLUMN description VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE l2gatewayconnections ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE l2gatewayconnections ADD COLUMN revision_number BIGINT NOT NULL DEFAULT 0;
UPDATE l2gatewayconnections SET updated_at = created_at;

ALTER TABLE l2remotegateways ADD COLUMN description VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE l2remotegateways ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE l2remotegateways ADD COLUMN revision_number BIGINT NOT NULL DEFAULT 0;
UPDATE l2remotegateways SET updated_at = created_at;

ALTER TABLE l2remotegatewayconnections ADD COLUMN description VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE l2remotegatewayconnections ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE l2remotegatewayconnections ADD COLUMN revision_number BIGINT NOT NULL DEFAULT 0;
UPDATE l2remotegatewayconnections SET updated_at = created_at;

ALTER TABLE l2remotemacs ADD COLUMN description VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE l2remotemacs ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE l2remotemacs ADD COLUMN revision_number BIGINT NOT NULL DEFAULT 0;
UPDATE l2remotemacs SET updated_at = created_at;

CREATE INDEX ix_l2gateways_name_order ON l2gateways (name, created_at);
CREATE INDEX ix_l2gateways_project_id_order ON l2gateways (project_id, created_at);
CREATE INDEX ix_l2gatewayconnections_l2_gateway_id_order ON l2gatewayconnections (l2_gateway_id, created_at);
CREATE INDEX ix_l2gatewayconnections_project_id_order ON l2gatewayconnections (project_id, created_at);
CREATE INDEX ix_l2remotegateways_name_order ON l2remotegateways (name, created_at);
CREATE INDEX ix_l2remotegateways_project_id_order ON l2remotegateways (project_id, created_at);
CREATE INDEX ix_l2remotegatewayconnections_l2_gateway_id_order ON l2remotegatewayconnections (l2_gateway_id, created_at);
CREATE INDEX ix_l2remotegatewayconnections_l2_remote_gateway_id_order ON l2remotegatewayconnections (l2_remote_gateway_id, created_at);
CREATE INDEX ix_l2remotegatewayconnections_project_id_order ON l2remotegatewayconnections (project_id, created_at);
CREATE INDEX ix_l2remotemacs_rgw_connection_order ON l2remotemacs (rgw_connection, created_at);
CREATE INDEX ix_l2remotemacs_mac_order ON l2remotemacs (mac, created_at);
CREATE INDEX ix_l2remotemacs_ipaddr_order ON l2remotemacs (ipaddr, created_at);
CREATE INDEX ix_l2remotemacs_project_id_order ON l2remotemacs (project_id, created_at);

-- +goose Down

DROP INDEX ix_l2gateways_name_order;
DROP INDEX ix_l2gateways_project_id_order;
DROP INDEX ix_l2gatewayconnections_l2_gateway_id_order;
DROP INDEX ix_l2gatewayconnections_project_id_order;
DROP INDEX ix_l2remotegateways_name_order;
DROP INDEX ix_l2remotegateways_project_id_order;
DROP INDEX ix_l2remotegatewayconnections_l2_gateway_id_order;
DROP INDEX ix_l2remotegatewayconnections_l2_remote_gateway_id_order;
DROP INDEX ix_l2remotegatewayconnections_project_id_order;
DROP INDEX ix_l2remotemacs_rgw_connection_order;
DROP INDEX ix_l2remotemacs_mac_order;
DROP INDEX ix_l2remotemacs_ipaddr_order;
DROP INDEX ix_l2remotemacs_project_id_order;
ALTER TABLE l2gateways DROP COLUMN revision_number;
ALTER TABLE l2gateways DROP COLUMN updated_at;
ALTER TABLE l2gateways DROP COLUMN description;
ALTER TABLE l2gatewayconnections DROP COLUMN revision_number;
ALTER TABLE l2gatewayconnections DROP COLUMN updated_at;
ALTER TABLE l2gatewayconnections DROP COLUMN description;
ALTER TABLE l2remotegateways DROP COLUMN revision_number;
ALTER TABLE l2remotegateways DROP COLUMN updated_at;
ALTER TABLE l2remotegateways DROP COLUMN description;
ALTER TABLE l2remotegatewayconnections DROP COLUMN revision_number;
ALTER TABLE l2remotegatewayconnections DROP COLUMN updated_at;
ALTER TABLE l2remotegatewayconnections DROP COLUMN description;
ALTER TABLE l2remotemacs DROP COLUMN revision_number;
ALTER TABLE l2remotemacs DROP COLUMN updated_at;
ALTER TABLE l2remotemacs DROP COLUMN description;
