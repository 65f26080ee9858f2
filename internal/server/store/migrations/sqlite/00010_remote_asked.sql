-- How often what is asked for a connection has changed: a status that was worked
-- out before the last change is told apart.

-- +goose Up

ALTER TABLE l2remotegatewayconnections ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE l2remotegatewayconnections DROP COLUMN asked;
