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
-- Text compares and sorts by its code points, and trailing blanks count: MariaDB
-- and MySQL name that collation differently.
--
-- Each statement commits by itself: one that was carried out before the rest
-- failed has to do nothing the next time.

-- +goose Up

CREATE TABLE IF NOT EXISTS l2gateways (
    id              VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id      VARCHAR(255) NOT NULL,
    name            VARCHAR(255) NOT NULL,
    created_at      BIGINT       NOT NULL,
    description     VARCHAR(255) NOT NULL,
    updated_at      BIGINT       NOT NULL,
    revision_number BIGINT       NOT NULL,
    UNIQUE KEY uq_l2gateways_created_at (created_at),
    KEY ix_l2gateways_name_order (name, created_at),
    KEY ix_l2gateways_project_id_order (project_id, created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS l2gatewaydevices (
    id            VARCHAR(36)  NOT NULL PRIMARY KEY,
    l2_gateway_id VARCHAR(36)  NOT NULL,
    position      INTEGER      NOT NULL,
    device_name   VARCHAR(255) NOT NULL,
    UNIQUE KEY uq_l2gatewaydevices_name (l2_gateway_id, device_name),
    KEY ix_l2gatewaydevices_device_name (device_name),
    FOREIGN KEY (l2_gateway_id) REFERENCES l2gateways (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- One row for each VLAN of an interface; one with NULL for an interface that
-- has none of its own.
CREATE TABLE IF NOT EXISTS l2gatewayinterfaces (
    device_id       VARCHAR(36)  NOT NULL,
    position        INTEGER      NOT NULL,
    interface_name  VARCHAR(255) NOT NULL,
    segmentation_id INTEGER,
    PRIMARY KEY (device_id, position),
    FOREIGN KEY (device_id) REFERENCES l2gatewaydevices (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS l2gatewayconnections (
    id              VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id      VARCHAR(255) NOT NULL,
    l2_gateway_id   VARCHAR(36)  NOT NULL,
    network_id      VARCHAR(255) NOT NULL,
    segmentation_id INTEGER,
    status          VARCHAR(16)  NOT NULL,
    status_reason   LONGTEXT     NOT NULL,
    created_at      BIGINT       NOT NULL,
    description     VARCHAR(255) NOT NULL,
    updated_at      BIGINT       NOT NULL,
    revision_number BIGINT       NOT NULL,
    UNIQUE KEY uq_l2gatewayconnections_network (l2_gateway_id, network_id),
    UNIQUE KEY uq_l2gatewayconnections_created_at (created_at),
    KEY ix_l2gatewayconnections_network_id (network_id),
    KEY ix_l2gatewayconnections_l2_gateway_id_order (l2_gateway_id, created_at),
    KEY ix_l2gatewayconnections_project_id_order (project_id, created_at),
    FOREIGN KEY (l2_gateway_id) REFERENCES l2gateways (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS l2remotegateways (
    id              VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id      VARCHAR(255) NOT NULL,
    name            VARCHAR(255) NOT NULL,
    ipaddr          VARCHAR(64)  NOT NULL,
    created_at      BIGINT       NOT NULL,
    description     VARCHAR(255) NOT NULL,
    updated_at      BIGINT       NOT NULL,
    revision_number BIGINT       NOT NULL,
    UNIQUE KEY uq_l2remotegateways_ipaddr (ipaddr),
    UNIQUE KEY uq_l2remotegateways_created_at (created_at),
    KEY ix_l2remotegateways_name_order (name, created_at),
    KEY ix_l2remotegateways_project_id_order (project_id, created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS l2remotegatewayconnections (
    id                   VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id           VARCHAR(255) NOT NULL,
    l2_gateway_id        VARCHAR(36)  NOT NULL,
    network_id           VARCHAR(255) NOT NULL,
    l2_remote_gateway_id VARCHAR(36)  NOT NULL,
    segmentation_id      INTEGER      NOT NULL,
    flood                BOOLEAN      NOT NULL,
    encapsulation        VARCHAR(16)  NOT NULL,
    status               VARCHAR(16)  NOT NULL,
    status_reason        LONGTEXT     NOT NULL,
    created_at           BIGINT       NOT NULL,
    description          VARCHAR(255) NOT NULL,
    updated_at           BIGINT       NOT NULL,
    revision_number      BIGINT       NOT NULL,
    UNIQUE KEY uq_l2remotegatewayconnections_network (l2_gateway_id, network_id, l2_remote_gateway_id),
    UNIQUE KEY uq_l2remotegatewayconnections_key (l2_gateway_id, l2_remote_gateway_id, segmentation_id),
    UNIQUE KEY uq_l2remotegatewayconnections_created_at (created_at),
    KEY ix_l2remotegatewayconnections_network_id (network_id),
    KEY ix_l2remotegatewayconnections_remote (l2_remote_gateway_id),
    KEY ix_l2remotegatewayconnections_l2_gateway_id_order (l2_gateway_id, created_at),
    KEY ix_l2remotegatewayconnections_l2_remote_gateway_id_order (l2_remote_gateway_id, created_at),
    KEY ix_l2remotegatewayconnections_project_id_order (project_id, created_at),
    FOREIGN KEY (l2_gateway_id) REFERENCES l2gateways (id),
    FOREIGN KEY (l2_remote_gateway_id) REFERENCES l2remotegateways (id),
    FOREIGN KEY (l2_gateway_id, network_id) REFERENCES l2gatewayconnections (l2_gateway_id, network_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS l2remotemacs (
    id              VARCHAR(36)  NOT NULL PRIMARY KEY,
    project_id      VARCHAR(255) NOT NULL,
    mac             VARCHAR(17)  NOT NULL,
    ipaddr          VARCHAR(64)  NOT NULL, -- '' where unset
    rgw_connection  VARCHAR(36)  NOT NULL,
    created_at      BIGINT       NOT NULL,
    description     VARCHAR(255) NOT NULL,
    updated_at      BIGINT       NOT NULL,
    revision_number BIGINT       NOT NULL,
    UNIQUE KEY uq_l2remotemacs_mac (rgw_connection, mac),
    UNIQUE KEY uq_l2remotemacs_created_at (created_at),
    KEY ix_l2remotemacs_rgw_connection_order (rgw_connection, created_at),
    KEY ix_l2remotemacs_mac_order (mac, created_at),
    KEY ix_l2remotemacs_ipaddr_order (ipaddr, created_at),
    KEY ix_l2remotemacs_project_id_order (project_id, created_at),
    FOREIGN KEY (rgw_connection) REFERENCES l2remotegatewayconnections (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- What flows back: one hardware_vtep database each, by its address, and what it
-- holds in the order it was reported. Lists and maps are JSON.

CREATE TABLE IF NOT EXISTS hardware_vteps (
    ovsdb_identifier VARCHAR(255) NOT NULL PRIMARY KEY,
    error            LONGTEXT     NOT NULL,
    schema_version   LONGTEXT     NOT NULL,
    locator_keys     BOOLEAN      NOT NULL,
    encapsulations   LONGTEXT     NOT NULL,
    replication      BOOLEAN      NOT NULL,
    other_config     BOOLEAN      NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS physical_switches (
    ovsdb_identifier    VARCHAR(255) NOT NULL,
    position            INTEGER      NOT NULL,
    name                LONGTEXT     NOT NULL,
    description         LONGTEXT     NOT NULL,
    tunnel_ip           LONGTEXT     NOT NULL,
    switch_fault_status LONGTEXT     NOT NULL,
    other_config        LONGTEXT     NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position),
    FOREIGN KEY (ovsdb_identifier) REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS physical_ports (
    ovsdb_identifier  VARCHAR(255) NOT NULL,
    position          INTEGER      NOT NULL,
    switch_position   INTEGER      NOT NULL, -- of the physical_switches row
    name              LONGTEXT     NOT NULL,
    description       LONGTEXT     NOT NULL,
    port_fault_status LONGTEXT     NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position),
    FOREIGN KEY (ovsdb_identifier) REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS logical_switches (
    ovsdb_identifier VARCHAR(255) NOT NULL,
    position         INTEGER      NOT NULL,
    name             LONGTEXT     NOT NULL,
    tunnel_key       BIGINT,
    confirmed        BOOLEAN      NOT NULL,
    error            LONGTEXT     NOT NULL,
    PRIMARY KEY (ovsdb_identifier, position),
    FOREIGN KEY (ovsdb_identifier) REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS physical_locators (
    ovsdb_identifier   VARCHAR(255) NOT NULL,
    position           INTEGER      NOT NULL,
    encapsulation_type LONGTEXT     NOT NULL,
    dst_ip             VARCHAR(64)  NOT NULL, -- '' where it is no address
    tunnel_key         BIGINT,
    PRIMARY KEY (ovsdb_identifier, position),
    FOREIGN KEY (ovsdb_identifier) REFERENCES hardware_vteps (ovsdb_identifier) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- The row 1, that each transaction writes first, so that one writes at a time. On
-- Galera each server has one more, by which it sees whether a commit was made.
CREATE TABLE IF NOT EXISTS write_turns (
    id   INTEGER NOT NULL PRIMARY KEY,
    turn BIGINT  NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;
INSERT IGNORE INTO write_turns (id, turn) VALUES (1, 0);

-- +goose Down

DROP TABLE IF EXISTS write_turns;
DROP TABLE IF EXISTS physical_locators;
DROP TABLE IF EXISTS logical_switches;
DROP TABLE IF EXISTS physical_ports;
DROP TABLE IF EXISTS physical_switches;
DROP TABLE IF EXISTS hardware_vteps;
DROP TABLE IF EXISTS l2remotemacs;
DROP TABLE IF EXISTS l2remotegatewayconnections;
DROP TABLE IF EXISTS l2remotegateways;
DROP TABLE IF EXISTS l2gatewayconnections;
DROP TABLE IF EXISTS l2gatewayinterfaces;
DROP TABLE IF EXISTS l2gatewaydevices;
DROP TABLE IF EXISTS l2gateways;
