-- What does not cross the WAN link of a remote connection: words, separated by
-- commas.

-- +goose Up

ALTER TABLE l2remotegatewayconnections ADD COLUMN filter VARCHAR(64) NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE l2remotegatewayconnections DROP COLUMN filter;
