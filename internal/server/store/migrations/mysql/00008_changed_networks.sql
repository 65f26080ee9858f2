-- Networks that a server has changed which does not plan, until the one that
-- does has taken note: "" stands for all of them. For servers with nothing but
-- the database between them.

-- +goose Up

CREATE TABLE IF NOT EXISTS changed_networks (
    network_id VARCHAR(255) NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- +goose Down

DROP TABLE IF EXISTS changed_networks;
