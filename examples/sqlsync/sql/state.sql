-- How far each DynamoDB table has come: every change at or before (tx, position) is settled, or is in one of the two
-- tables below. One row for each table that was ever written, by its ARN and the time when it was made.
CREATE TABLE IF NOT EXISTS sqlsync_checkpoint (
  target   text PRIMARY KEY,
  tx       bigint NOT NULL,
  position bigint NOT NULL,
  columns  text NOT NULL -- of products, as a JSON array: to notice when they change
);

-- Rows that the next run sends again. They have no values: the next run reads the row as it is then.
CREATE TABLE IF NOT EXISTS sqlsync_retries (
  target text NOT NULL,
  entry  bigint NOT NULL, -- of sqlsync_changes
  reason text NOT NULL,
  runs   bigint NOT NULL, -- how many runs have tried
  PRIMARY KEY (target, entry)
);

-- Rows that need somebody. They have no values: who may read products finds the row by
-- SELECT c.sku, d.* FROM sqlsync_dead_letters d JOIN sqlsync_changes c USING (entry).
CREATE TABLE IF NOT EXISTS sqlsync_dead_letters (
  target   text NOT NULL,
  entry    bigint NOT NULL, -- of sqlsync_changes
  position bigint NOT NULL,
  reason   text NOT NULL,
  problem  text NOT NULL,
  remedy   text NOT NULL,
  PRIMARY KEY (target, entry)
);

-- A row whose sku is null cannot be recognized when it changes, so such rows are counted anew.
DELETE FROM sqlsync_dead_letters WHERE entry IN (SELECT entry FROM sqlsync_changes WHERE sku IS NULL);
DELETE FROM sqlsync_retries WHERE entry IN (SELECT entry FROM sqlsync_changes WHERE sku IS NULL);
DELETE FROM sqlsync_changes WHERE sku IS NULL;
