-- The log of changes: for each sku that was ever in products, the position of its last change. Two changes never have
-- the same position, and a later change has a higher one: SQLite has one writer at a time.
CREATE TABLE IF NOT EXISTS sqlsync_changes (
  entry    integer PRIMARY KEY AUTOINCREMENT,
  sku      blob UNIQUE, -- keeps a value as it is in products, text too
  tx       integer NOT NULL DEFAULT 0, -- for PostgreSQL
  position integer NOT NULL
);
CREATE INDEX IF NOT EXISTS sqlsync_changes_order ON sqlsync_changes (tx, position);
CREATE TABLE IF NOT EXISTS sqlsync_position (position integer NOT NULL);
INSERT INTO sqlsync_position SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM sqlsync_position);

-- INSERT INTO sqlsync_touch logs a change. It does without ON CONFLICT, whose meaning in a trigger depends on the
-- statement that fired it (INSERT OR IGNORE INTO products would lose changes).
DROP VIEW IF EXISTS sqlsync_touch;
CREATE VIEW sqlsync_touch AS SELECT sku FROM sqlsync_changes;
CREATE TRIGGER sqlsync_touched INSTEAD OF INSERT ON sqlsync_touch BEGIN
  UPDATE sqlsync_position SET position = position + 1;
  INSERT INTO sqlsync_changes (sku, position) SELECT NEW.sku, position FROM sqlsync_position
    WHERE NOT EXISTS (SELECT 1 FROM sqlsync_changes WHERE sku = NEW.sku);
  UPDATE sqlsync_changes SET position = (SELECT position FROM sqlsync_position) WHERE sku = NEW.sku;
END;

DROP TRIGGER IF EXISTS sqlsync_insert;
DROP TRIGGER IF EXISTS sqlsync_update;
DROP TRIGGER IF EXISTS sqlsync_delete;
CREATE TRIGGER sqlsync_insert AFTER INSERT ON products BEGIN
  INSERT INTO sqlsync_touch VALUES (NEW.sku);
END;
CREATE TRIGGER sqlsync_update AFTER UPDATE ON products BEGIN
  INSERT INTO sqlsync_touch SELECT OLD.sku WHERE OLD.sku IS NOT NULL AND OLD.sku IS NOT NEW.sku COLLATE BINARY;
  INSERT INTO sqlsync_touch VALUES (NEW.sku);
END;
CREATE TRIGGER sqlsync_delete AFTER DELETE ON products BEGIN
  INSERT INTO sqlsync_touch SELECT OLD.sku WHERE OLD.sku IS NOT NULL;
END;
