-- Networks that a server has changed which does not plan, until the one that
-- does has taken note: "" stands for all of them. For servers with nothing but
-- the database between them.

-- +goose Up

CREATE TABLE changed_networks (
    network_id VARCHAR(255) NOT NULL PRIMARY KEY
);

-- +goose Down

DROP TABLE changed_networks;
