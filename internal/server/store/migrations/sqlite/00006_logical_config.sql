-- Whether a switch's schema has Logical_Switch.other_config.

-- +goose Up

ALTER TABLE hardware_vteps ADD COLUMN logical_config BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down

ALTER TABLE hardware_vteps DROP COLUMN logical_config;
