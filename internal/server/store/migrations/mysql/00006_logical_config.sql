-- Whether a switch's schema has Logical_Switch.other_config.
-- Nothing is done where a start that did not end has made the column: MySQL has
-- no IF NOT EXISTS for columns.

-- +goose Up

SET @make = (SELECT IF(COUNT(*), 'DO 0', 'ALTER TABLE hardware_vteps ADD COLUMN logical_config BOOLEAN NOT NULL DEFAULT FALSE')
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'hardware_vteps' AND column_name = 'logical_config');
PREPARE make FROM @make;
EXECUTE make;
DEALLOCATE PREPARE make;

-- +goose Down

ALTER TABLE hardware_vteps DROP COLUMN logical_config;
