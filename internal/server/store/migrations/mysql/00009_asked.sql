-- How often what is asked for a connection has changed: a status that was worked
-- out before the last change is told apart.
-- Nothing is done where a start that did not end has made the column: MySQL has
-- no IF NOT EXISTS for columns.

-- +goose Up

SET @make = (SELECT IF(COUNT(*), 'DO 0', 'ALTER TABLE l2gatewayconnections ADD COLUMN asked BIGINT NOT NULL DEFAULT 0')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'l2gatewayconnections' AND column_name = 'asked');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;

-- +goose Down

ALTER TABLE l2gatewayconnections DROP COLUMN asked;
