-- The names below are those of the schema of products, for the triggers too, whoever fires them.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);
SET LOCAL lock_timeout = '10s'; -- for the transactions that have written to products

-- The triggers come first: to lock the log, and then wait for a transaction that is to write to it, would be a deadlock.
-- Those of another table go too: if it comes back in the place of products, it must not seem to have had them all along.
DROP FUNCTION IF EXISTS sqlsync_log_change() CASCADE;

-- The function has the rights of whoever made it: those who write to products need none on the log. The position is
-- drawn while the row of products is locked, so that a later change of a sku has a higher one.
CREATE FUNCTION sqlsync_log_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  now_tx CONSTANT bigint := pg_current_xact_id()::text::bigint;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE sqlsync_changes SET tx = now_tx, position = nextval('sqlsync_position');
    RETURN NULL;
  END IF;
  IF OLD.sku IS NOT NULL AND OLD.sku::text IS DISTINCT FROM NEW.sku::text THEN -- a delete, or another sku
    INSERT INTO sqlsync_changes (sku, tx, position) VALUES (OLD.sku, now_tx, nextval('sqlsync_position'))
    ON CONFLICT (sku) DO UPDATE SET tx = now_tx, position = nextval('sqlsync_position');
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO sqlsync_changes (sku, tx, position) VALUES (NEW.sku, now_tx, nextval('sqlsync_position'))
    ON CONFLICT (sku) DO UPDATE SET tx = now_tx, position = nextval('sqlsync_position');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER sqlsync_row AFTER INSERT OR UPDATE OR DELETE ON products
  FOR EACH ROW EXECUTE FUNCTION sqlsync_log_change();
CREATE TRIGGER sqlsync_truncate AFTER TRUNCATE ON products
  FOR EACH STATEMENT EXECUTE FUNCTION sqlsync_log_change();

-- The log of changes: for each sku that was ever in products, the last change and the transaction that made it. Changes
-- are read in the order of (tx, position), of transactions that can have no older one beside them: see the README.
CREATE TABLE IF NOT EXISTS sqlsync_changes (
  entry    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku      text UNIQUE,
  tx       bigint NOT NULL, -- pg_current_xact_id(): 64 bits, which do not wrap around
  position bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS sqlsync_changes_order ON sqlsync_changes (tx, position);
CREATE SEQUENCE IF NOT EXISTS sqlsync_position;
