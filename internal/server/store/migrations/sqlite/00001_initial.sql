-- What administrators ask for, and what switches report.
--
-- created_at: microseconds since 1970, strictly growing within a table: the
-- order of creation. Booleans are 0 and 1; segmentation_id of a VLAN or a tunnel
-- is an integer, NULL where unset.

-- +goose Up

CREATE TABLE l2gateways (
    id         VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id VARCHAR(255) NOT NULL,
    name       VARCHAR(255) NOT NULL,
    created_at BIGINT       NOT NULL
);
CREATE UNIQUE INDEX uq_l2gateways_created_at ON l2gateways (created_at);

CREATE TABLE l2gatewaydevices (
    id            VARCHAR(36)  NOT NULL PRIMARY KEY,
    l2_gateway_id VARCHAR(36)  NOT NULL REFERENCES l2gateways (id) ON DELETE CASCADE,
    position      INTEGER      NOT NULL,
    device_name   VARCHAR(255) NOT NULL
);
CREATE UNIQUE INDEX uq_l2gatewaydevices_name ON l2gatewaydevices (l2_gateway_id, device_name);
CREATE INDEX ix_l2gatewaydevices_device_name ON l2gatewaydevices (device_name);

-- One row for each VLAN of an interface; one with NULL for an interface that
-- has none of its own.
CREATE TABLE l2gatewayinterfaces (
    device_id       VARCHAR(36)  NOT NULL REFERENCES l2gatewaydevices (id) ON DELETE CASCADE,
    position        INTEGER      NOT NULL,
    interface_name  VARCHAR(255) NOT NULL,
    segmentation_id INTEGER,
    PRIMARY KEY (device_id, position)
);

CREATE TABLE l2gatewayconnections (
    id              VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id      VARCHAR(255) NOT NULL,
    l2_gateway_id   VARCHAR(36)  NOT NULL REFERENCES l2gateways (id),
    network_id      VARCHAR(36)  NOT NULL,
    segmentation_id INTEGER,
    status          VARCHAR(16)  NOT NULL,
    status_reason   TEXT         NOT NULL,
    created_at      BIGINT       NOT NULL
);
CREATE UNIQUE INDEX uq_l2gatewayconnections_network ON l2gatewayconnections (l2_gateway_id, network_id);
CREATE UNIQUE INDEX uq_l2gatewayconnections_created_at ON l2gatewayconnections (created_at);
CREATE INDEX ix_l2gatewayconnections_network_id ON l2gatewayconnections (network_id);

CREATE TABLE l2remotegateways (
    id         VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id VARCHAR(255) NOT NULL,
    name       VARCHAR(255) NOT NULL,
    ipaddr     VARCHAR(64)  NOT NULL,
    created_at BIGINT       NOT NULL
);
CREATE UNIQUE INDEX uq_l2remotegateways_ipaddr ON l2remotegateways (ipaddr);
CREATE UNIQUE INDEX uq_l2remotegateways_created_at ON l2remotegateways (created_at);

CREATE TABLE l2remotegatewayconnections (
    id                   VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id           VARCHAR(255) NOT NULL,
    l2_gateway_id        VARCHAR(36)  NOT NULL REFERENCES l2gateways (id),
    network_id           VARCHAR(36)  NOT NULL,
    l2_remote_gateway_id VARCHAR(36)  NOT NULL REFERENCES l2remotegateways (id),
    segmentation_id      INTEGER      NOT NULL,
    flood                BOOLEAN      NOT NULL,
    encapsulation        VARCHAR(16)  NOT NULL,
    status               VARCHAR(16)  NOT NULL,
    status_reason        TEXT         NOT NULL,
    created_at           BIGINT       NOT NULL,
    FOREIGN KEY (l2_gateway_id, network_id) REFERENCES l2gatewayconnections (l2_gateway_id, network_id)
);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_network
    ON l2remotegatewayconnections (l2_gateway_id, network_id, l2_remote_gateway_id);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_key
    ON l2remotegatewayconnections (l2_gateway_id, l2_remote_gateway_id, segmentation_id);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_created_at ON l2remotegatewayconnections (created_at);
CREATE INDEX ix_l2remotegatewayconnections_network_id ON l2remotegatewayconnections (network_id);
CREATE INDEX ix_l2remotegatewayconnections_remote ON l2remotegatewayconnections (l2_remote_gateway_id);

CREATE TABLE l2remotemacs (
    id             VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id     VARCHAR(255) NOT NULL,
    mac            VARCHAR(17)  NOT NULL,
    ipaddr         VARCHAR(64)  NOT NULL, -- '' where unset
    rgw_connection VARCHAR(36)  NOT NULL REFERENCES l2remotegatewayconnections (id) ON DELETE CASCADE,
    created_at     BIGINT       NOT NULL
);
CREATE UNIQUE INDEX uq_l2remotemacs_mac ON l2remotemacs (rgw_connection, mac);
CREATE UNIQUE INDEX uq_l2remotemacs_created_at ON l2remotemacs (created_at);

-- What flows back: one hardware_vtep database each, by its address, and what it
-- holds in the order it was reported. Lists and maps are JSON.

CREATE TABLE hardware_vteps (
    ovsdb_identifier VARCHAR(255) NOT NULL PRIMARY KEY,
    error            TEXT         NOT NULL,
    schema_version   VARCHAR(64)  NOT NULL,
    locator_keys     BOOLEAN      NOT NULL,
    encapsulations   TEXT         NOT NULL,
    replication      BOOLEAN      NOT NULL,
    other_config     BOOLEAN      NOT NULL
);

CREATE TABLE physical_switches (
    ovsdb_identifier    VARCHAR(255) NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position            INTEGER      NOT NULL,
    name                VARCHAR(255) NOT NULL,
    description         TEXT         NOT NULL,
    tunnel_ip           TEXT         NOT NULL,
    switch_fault_status TEXT         NOT NULL,
    other_config        TEXT         NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE physical_ports (
    ovsdb_identifier  VARCHAR(255) NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position          INTEGER      NOT NULL,
    switch_position   INTEGER      NOT NULL, -- of the physical_switches row
    name              VARCHAR(255) NOT NULL,
    description       TEXT         NOT NULL,
    port_fault_status TEXT         NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE logical_switches (
    ovsdb_identifier VARCHAR(255) NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position         INTEGER      NOT NULL,
    name             VARCHAR(255) NOT NULL,
    tunnel_key       BIGINT,
    confirmed        BOOLEAN      NOT NULL,
    error            TEXT         NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE physical_locators (
    ovsdb_identifier   VARCHAR(255) NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position           INTEGER      NOT NULL,
    encapsulation_type VARCHAR(64)  NOT NULL,
    dst_ip             VARCHAR(64)  NOT NULL, -- '' where it is no address
    tunnel_key         BIGINT,
    PRIMARY KEY (ovsdb_identifier, position)
);

-- +goose Down

DROP TABLE physical_locators;
DROP TABLE logical_switches;
DROP TABLE physical_ports;
DROP TABLE physical_switches;
DROP TABLE hardware_vteps;
DROP TABLE l2remotemacs;
DROP TABLE l2remotegatewayconnections;
DROP TABLE l2remotegateways;
DROP TABLE l2gatewayconnections;
DROP TABLE l2gatewayinterfaces;
DROP TABLE l2gatewaydevices;
DROP TABLE l2gateways;
