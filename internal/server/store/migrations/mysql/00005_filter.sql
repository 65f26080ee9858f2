-- What does not cross the WAN link of a remote connection: words, separated by
-- commas.
-- Nothing is done where a start that did not end has made the column: MySQL has
-- no IF NOT EXISTS for columns.

-- +goose Up

SET @make = (SELECT IF(COUNT(*), 'DO 0', 'ALTER TABLE l2remotegatewayconnections ADD COLUMN filter VARCHAR(64) NOT NULL DEFAULT ''''')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'l2remotegatewayconnections' AND column_name = 'filter');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;

-- +goose Down

ALTER TABLE l2remotegatewayconnections DROP COLUMN filter;
