-- Several servers and agents of their own. Who of the servers plans; the agents,
-- and which of them serves which database of switches.
--
-- Times are microseconds since 1970: valid_until by the clock of this database.
-- An epoch grows each time that something gets another holder, so that what a
-- former one does late is told apart. The rows of assignments stay for that.

-- +goose Up

CREATE TABLE IF NOT EXISTS leases (
    name        VARCHAR(255) NOT NULL PRIMARY KEY,
    holder      VARCHAR(255) NOT NULL, -- one run of a program
    epoch       BIGINT       NOT NULL,
    valid_until BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS agents (
    id             VARCHAR(36)  NOT NULL PRIMARY KEY,
    host           VARCHAR(255) NOT NULL,
    run            VARCHAR(64)  NOT NULL, -- of its program
    alive          BOOLEAN      NOT NULL,
    created_at     BIGINT       NOT NULL,
    started_at     BIGINT       NOT NULL,
    heartbeat_at   BIGINT       NOT NULL,
    configurations LONGTEXT     NOT NULL, -- JSON
    UNIQUE KEY uq_agents_host (host)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS assignments (
    ovsdb_identifier VARCHAR(255) NOT NULL PRIMARY KEY,
    host             VARCHAR(255) NOT NULL, -- of the agent
    run              VARCHAR(64)  NOT NULL,
    epoch            BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- +goose Down

DROP TABLE IF EXISTS assignments;
DROP TABLE IF EXISTS agents;
DROP TABLE IF EXISTS leases;
