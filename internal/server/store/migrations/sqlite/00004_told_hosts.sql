-- The hosts behind gateways that the compute nodes of a network were told of,
-- so that whoever comes next knows what they have to forget.

-- +goose Up

CREATE TABLE told_hosts (
    network_id      VARCHAR(36) NOT NULL,
    gateway         VARCHAR(64) NOT NULL, -- its tunnel address
    host            VARCHAR(64) NOT NULL, -- MAC, or MAC;IP
    network_type    VARCHAR(32) NOT NULL,
    segmentation_id BIGINT      NOT NULL,
    PRIMARY KEY (network_id, gateway, host)
);

-- +goose Down

DROP TABLE told_hosts;
