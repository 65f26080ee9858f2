-- Several servers and agents of their own. Who of the servers plans; the agents,
-- and which of them serves which database of switches.
--
-- Times are microseconds since 1970: valid_until by the clock of this database.
-- An epoch grows each time that something gets another holder, so that what a
-- former one does late is told apart. The rows of assignments stay for that.

-- +goose Up

CREATE TABLE leases (
    name        VARCHAR(255) NOT NULL PRIMARY KEY,
    holder      VARCHAR(255) NOT NULL, -- one run of a program
    epoch       BIGINT       NOT NULL,
    valid_until BIGINT       NOT NULL
);

CREATE TABLE agents (
    id             VARCHAR(36)  NOT NULL PRIMARY KEY,
    host           VARCHAR(255) NOT NULL,
    run            VARCHAR(64)  NOT NULL, -- of its program
    alive          BOOLEAN      NOT NULL,
    created_at     BIGINT       NOT NULL,
    started_at     BIGINT       NOT NULL,
    heartbeat_at   BIGINT       NOT NULL,
    configurations TEXT         NOT NULL -- JSON
);

CREATE UNIQUE INDEX uq_agents_host ON agents (host);

CREATE TABLE assignments (
    ovsdb_identifier VARCHAR(255) NOT NULL PRIMARY KEY,
    host             VARCHAR(255) NOT NULL, -- of the agent
    run              VARCHAR(64)  NOT NULL,
    epoch            BIGINT       NOT NULL
);

-- +goose Down

DROP TABLE assignments;
DROP TABLE agents;
DROP TABLE leases;
