-- How many objects of a kind a project may own, where that is not what the
-- configuration says for all. -1: any number.

-- +goose Up

CREATE TABLE quotas (
    project_id TEXT COLLATE "C" NOT NULL,
    resource   TEXT COLLATE "C" NOT NULL, -- a kind of objects: l2_gateway
    "limit"    INTEGER          NOT NULL,
    PRIMARY KEY (project_id, resource)
);

-- +goose Down

DROP TABLE quotas;
