-- What administrators ask for, and what switches report. In this database the
-- schema begins with version 2.
--
-- created_at: microseconds since 1970, strictly growing within a table: the
-- order of creation. updated_at: when revision_number grew last. segmentation_id
-- of a VLAN or a tunnel is an integer, NULL where unset.
--
-- The indexes called order end in created_at: so a page of a list is one range
-- of one of them.
--
-- Text compares and sorts by its code points (COLLATE "C"), as in the other
-- databases.

-- +goose Up

CREATE TABLE l2gateways (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id      TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT           NOT NULL,
    revision_number BIGINT           NOT NULL
);
CREATE UNIQUE INDEX uq_l2gateways_created_at ON l2gateways (created_at);
CREATE INDEX ix_l2gateways_name_order ON l2gateways (name, created_at);
CREATE INDEX ix_l2gateways_project_id_order ON l2gateways (project_id, created_at);

CREATE TABLE l2gatewaydevices (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    l2_gateway_id TEXT COLLATE "C" NOT NULL REFERENCES l2gateways (id) ON DELETE CASCADE,
    position      INTEGER          NOT NULL,
    device_name   TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX uq_l2gatewaydevices_name ON l2gatewaydevices (l2_gateway_id, device_name);
CREATE INDEX ix_l2gatewaydevices_device_name ON l2gatewaydevices (device_name);

-- One row for each VLAN of an interface; one with NULL for an interface that
-- has none of its own.
CREATE TABLE l2gatewayinterfaces (
    device_id       TEXT COLLATE "C" NOT NULL REFERENCES l2gatewaydevices (id) ON DELETE CASCADE,
    position        INTEGER          NOT NULL,
    interface_name  TEXT COLLATE "C" NOT NULL,
    segmentation_id INTEGER,
    PRIMARY KEY (device_id, position)
);

CREATE TABLE l2gatewayconnections (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id      TEXT COLLATE "C" NOT NULL,
    l2_gateway_id   TEXT COLLATE "C" NOT NULL REFERENCES l2gateways (id),
    network_id      TEXT COLLATE "C" NOT NULL,
    segmentation_id INTEGER,
    status          TEXT COLLATE "C" NOT NULL,
    status_reason   TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT           NOT NULL,
    revision_number BIGINT           NOT NULL
);
CREATE UNIQUE INDEX uq_l2gatewayconnections_network ON l2gatewayconnections (l2_gateway_id, network_id);
CREATE UNIQUE INDEX uq_l2gatewayconnections_created_at ON l2gatewayconnections (created_at);
CREATE INDEX ix_l2gatewayconnections_network_id ON l2gatewayconnections (network_id);
CREATE INDEX ix_l2gatewayconnections_l2_gateway_id_order ON l2gatewayconnections (l2_gateway_id, created_at);
CREATE INDEX ix_l2gatewayconnections_project_id_order ON l2gatewayconnections (project_id, created_at);

CREATE TABLE l2remotegateways (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id      TEXT COLLATE "C" NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    ipaddr          TEXT COLLATE "C" NOT NULL,
    created_at      BIGINT           NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT           NOT NULL,
    revision_number BIGINT           NOT NULL
);
CREATE UNIQUE INDEX uq_l2remotegateways_ipaddr ON l2remotegateways (ipaddr);
CREATE UNIQUE INDEX uq_l2remotegateways_created_at ON l2remotegateways (created_at);
CREATE INDEX ix_l2remotegateways_name_order ON l2remotegateways (name, created_at);
CREATE INDEX ix_l2remotegateways_project_id_order ON l2remotegateways (project_id, created_at);

CREATE TABLE l2remotegatewayconnections (
    id                   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id           TEXT COLLATE "C" NOT NULL,
    l2_gateway_id        TEXT COLLATE "C" NOT NULL REFERENCES l2gateways (id),
    network_id           TEXT COLLATE "C" NOT NULL,
    l2_remote_gateway_id TEXT COLLATE "C" NOT NULL REFERENCES l2remotegateways (id),
    segmentation_id      INTEGER          NOT NULL,
    flood                BOOLEAN          NOT NULL,
    encapsulation        TEXT COLLATE "C" NOT NULL,
    status               TEXT COLLATE "C" NOT NULL,
    status_reason        TEXT COLLATE "C" NOT NULL,
    created_at           BIGINT           NOT NULL,
    description          TEXT COLLATE "C" NOT NULL,
    updated_at           BIGINT           NOT NULL,
    revision_number      BIGINT           NOT NULL,
    FOREIGN KEY (l2_gateway_id, network_id) REFERENCES l2gatewayconnections (l2_gateway_id, network_id)
);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_network
    ON l2remotegatewayconnections (l2_gateway_id, network_id, l2_remote_gateway_id);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_key
    ON l2remotegatewayconnections (l2_gateway_id, l2_remote_gateway_id, segmentation_id);
CREATE UNIQUE INDEX uq_l2remotegatewayconnections_created_at ON l2remotegatewayconnections (created_at);
CREATE INDEX ix_l2remotegatewayconnections_network_id ON l2remotegatewayconnections (network_id);
CREATE INDEX ix_l2remotegatewayconnections_remote ON l2remotegatewayconnections (l2_remote_gateway_id);
CREATE INDEX ix_l2remotegatewayconnections_l2_gateway_id_order
    ON l2remotegatewayconnections (l2_gateway_id, created_at);
CREATE INDEX ix_l2remotegatewayconnections_l2_remote_gateway_id_order
    ON l2remotegatewayconnections (l2_remote_gateway_id, created_at);
CREATE INDEX ix_l2remotegatewayconnections_project_id_order ON l2remotegatewayconnections (project_id, created_at);

CREATE TABLE l2remotemacs (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id      TEXT COLLATE "C" NOT NULL,
    mac             TEXT COLLATE "C" NOT NULL,
    ipaddr          TEXT COLLATE "C" NOT NULL, -- '' where unset
    rgw_connection  TEXT COLLATE "C" NOT NULL REFERENCES l2remotegatewayconnections (id) ON DELETE CASCADE,
    created_at      BIGINT           NOT NULL,
    description     TEXT COLLATE "C" NOT NULL,
    updated_at      BIGINT           NOT NULL,
    revision_number BIGINT           NOT NULL
);
CREATE UNIQUE INDEX uq_l2remotemacs_mac ON l2remotemacs (rgw_connection, mac);
CREATE UNIQUE INDEX uq_l2remotemacs_created_at ON l2remotemacs (created_at);
CREATE INDEX ix_l2remotemacs_rgw_connection_order ON l2remotemacs (rgw_connection, created_at);
CREATE INDEX ix_l2remotemacs_mac_order ON l2remotemacs (mac, created_at);
CREATE INDEX ix_l2remotemacs_ipaddr_order ON l2remotemacs (ipaddr, created_at);
CREATE INDEX ix_l2remotemacs_project_id_order ON l2remotemacs (project_id, created_at);

-- What flows back: one hardware_vtep database each, by its address, and what it
-- holds in the order it was reported. Lists and maps are JSON.

CREATE TABLE hardware_vteps (
    ovsdb_identifier TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    error            TEXT COLLATE "C" NOT NULL,
    schema_version   TEXT COLLATE "C" NOT NULL,
    locator_keys     BOOLEAN          NOT NULL,
    encapsulations   TEXT COLLATE "C" NOT NULL,
    replication      BOOLEAN          NOT NULL,
    other_config     BOOLEAN          NOT NULL
);

CREATE TABLE physical_switches (
    ovsdb_identifier    TEXT COLLATE "C" NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position            INTEGER          NOT NULL,
    name                TEXT COLLATE "C" NOT NULL,
    description         TEXT COLLATE "C" NOT NULL,
    tunnel_ip           TEXT COLLATE "C" NOT NULL,
    switch_fault_status TEXT COLLATE "C" NOT NULL,
    other_config        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE physical_ports (
    ovsdb_identifier  TEXT COLLATE "C" NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position          INTEGER          NOT NULL,
    switch_position   INTEGER          NOT NULL, -- of the physical_switches row
    name              TEXT COLLATE "C" NOT NULL,
    description       TEXT COLLATE "C" NOT NULL,
    port_fault_status TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE logical_switches (
    ovsdb_identifier TEXT COLLATE "C" NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position         INTEGER          NOT NULL,
    name             TEXT COLLATE "C" NOT NULL,
    tunnel_key       BIGINT,
    confirmed        BOOLEAN          NOT NULL,
    error            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position)
);

CREATE TABLE physical_locators (
    ovsdb_identifier   TEXT COLLATE "C" NOT NULL REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE,
    position           INTEGER          NOT NULL,
    encapsulation_type TEXT COLLATE "C" NOT NULL,
    dst_ip             TEXT COLLATE "C" NOT NULL, -- '' where it is no address
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
