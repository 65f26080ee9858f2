-- The hosts behind gateways that the compute nodes of a network were told of,
-- so that whoever comes next knows what they have to forget.

-- +goose Up

CREATE TABLE IF NOT EXISTS told_hosts (
    network_id      VARCHAR(255) NOT NULL,
    gateway         VARCHAR(64)  NOT NULL, -- its tunnel address
    host            VARCHAR(64)  NOT NULL, -- MAC, or MAC;IP
    network_type    VARCHAR(32)  NOT NULL,
    segmentation_id BIGINT       NOT NULL,
    PRIMARY KEY (network_id, gateway, host)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 /*M! COLLATE utf8mb4_nopad_bin */ /*!80017 COLLATE utf8mb4_0900_bin */;

-- +goose Down

DROP TABLE IF EXISTS told_hosts;
