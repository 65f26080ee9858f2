-- The hosts behind gateways that the compute nodes of a network were told of,
-- so that whoever comes next knows what they have to forget.

-- +goose Up

CREATE TABLE told_hosts (
    network_id      TEXT COLLATE "C" NOT NULL,
    gateway         TEXT COLLATE "C" NOT NULL, -- its tunnel address
    host            TEXT COLLATE "C" NOT NULL, -- MAC, or MAC;IP
    network_type    TEXT COLLATE "C" NOT NULL,
    segmentation_id BIGINT           NOT NULL,
    PRIMARY KEY (network_id, gateway, host)
);

-- +goose Down

DROP TABLE told_hosts;
